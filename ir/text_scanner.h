// Characters → words, numbers and marks of the IR's text form.
#pragma once

#include "ir/attr.h"
#include "ir/place.h"

#include "support/diag.h"

#include <string>
#include <string_view>

namespace linnet::ir {

// Reads from left to right, skipping blanks and `//` comments. Every method that expects
// something reports the first error and throws Stop.
class TextScanner {
public:
  struct Stop {};

  TextScanner(uint32_t file, Diagnostics& diagnostics);

  // At the next token, or at one that was read.
  [[noreturn]] void fail(std::string message);
  [[noreturn]] void fail(const Place& place, std::string message);
  [[nodiscard]] bool at_end();
  // The place of the next token.
  [[nodiscard]] Place here();

  [[nodiscard]] bool peek(std::string_view mark);
  bool accept(std::string_view mark);
  void expect(std::string_view mark);
  [[nodiscard]] bool peek_word();
  bool accept_word(std::string_view word);
  void expect_word(std::string_view word);
  // Letters, digits and '_'.
  std::string word();
  // A word that may hold '.', or anything in quotes.
  std::string name();

  [[nodiscard]] bool peek_string();
  std::string string();
  [[nodiscard]] bool peek_number();
  // int64_t, or double if it has a point or exponent or is -inf.
  Attr number();
  int64_t integer();

  // `{…}` directly behind the last token (a layout), or "".
  std::string adjacent_braces();
  // Is the next word followed by '{' without a blank (a schedule)?
  [[nodiscard]] bool next_is_brace();
  // Is the next '{' followed by '(' (a group's body)?
  [[nodiscard]] bool brace_then_parenthesis();

private:
  void skip_blanks();
  [[nodiscard]] size_t word_end(bool dots) const;

  uint32_t file_;
  Diagnostics& diagnostics_;
  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace linnet::ir
