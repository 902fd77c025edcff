// Entries inside the braces of a block: text → items, and the types of values.
#pragma once

#include "frontend/lin/expression_parser.h"

#include <vector>

namespace linnet::frontend {

struct ForeignWord;

class ItemParser : protected ExpressionParser {
protected:
  using ExpressionParser::ExpressionParser;

  TypeExpr type();
  // With the braces around them.
  std::vector<Item> items();
  // Is this the end of the file, or does another block begin: was a '}' left out? Reported.
  bool unclosed(Span open);
  // To the end of the entry that began at `start`: the next newline outside braces and
  // parentheses, or the next line that begins an entry where one of those was not closed.
  void skip_entry(size_t start);
  // Does a line begin `count` tokens ahead with a block or a declaration?
  [[nodiscard]] bool begins_top_level(size_t count = 0) const;

private:
  void read(Item& item);
  [[nodiscard]] bool says(const ForeignWord& foreign) const;
  void result(Item& item);
  void add_name(Item& item);
  void layer(Item& item);
  void stored(Item& item);
  void let(Item& item);
  void conditional(Item& item, bool word = true);
  void repeat(Item& item);
  static bool begins_entry(const Token& word, const Token& next);
};

}  // namespace linnet::frontend
