// Expressions as statements: each sum in a loop of its own, as far out as its variables allow, what
// is used twice in a variable, a product that only a sum reads fused with it.
#pragma once

#include "codegen/source/expression.h"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace linnet::codegen::source {

// Names of one C function, each once and none a word of C's.
class Names {
public:
  Names();
  // `wanted` as a C identifier, with a number behind it if it is taken.
  std::string fresh(const std::string& wanted);

private:
  std::set<std::string> taken_;
};

// Names of helper functions that the statements call.
using Called = std::set<std::string>;

class Writer {
public:
  // As few variables as there may be and products fused with sums; or what a formula says, each
  // operation in a variable.
  enum class Style : uint8_t { kFused, kEachInAVariable };
  // `prefix`: the model's name, of the macros NAME_FMAF and NAME_FMA.
  Writer(const Expressions& expressions, Names& names, Called& called, const std::string& prefix,
         Style style = Style::kFused);

  // for (…; variable < extent; …) { body }
  void loop(NodeId variable, int64_t extent, const std::function<void()>& body);
  void line(const std::string& text);
  // Counts who reads what in the expressions that will be written; before any is.
  void count_uses(const std::vector<NodeId>& roots);
  // The expression's text, where all it needs has been computed before.
  [[nodiscard]] std::string text_of(NodeId root);
  // All lines, indented.
  [[nodiscard]] const std::vector<std::string>& lines() const { return scopes_.front().lines; }
  // Arrays that were read.
  [[nodiscard]] const std::set<std::string>& arrays() const { return arrays_; }
  [[nodiscard]] std::string index_text(const Index& index);

private:
  struct Scope {
    std::set<NodeId> bound = {};
    bool guard = false;
    std::vector<std::string> lines = {};
    std::map<NodeId, std::string> held = {};  // variables that hold a node
  };
  // Text and how tightly it binds: 0 an operand as it is, higher needs parentheses sooner.
  struct Text {
    std::string text;
    int looseness = 0;
  };

  void open(std::vector<NodeId> bound, bool guard);
  void close();
  [[nodiscard]] size_t scope_for(const Node& node) const;
  [[nodiscard]] const std::string* held(NodeId id) const;
  [[nodiscard]] bool fusible(NodeId id) const;
  [[nodiscard]] bool is_product(NodeId id) const;
  void count(NodeId id);

  Text text(NodeId id);
  Text make(NodeId id);
  Text binary(const Node& node);
  Text fused(const Node& node, bool product_first);
  Text integer_binary(const Node& node);
  Text call(const Node& node);
  Text guarded(NodeId id);
  Text reduced(NodeId id);
  Text hold(NodeId id, size_t scope, const std::string& value);
  [[nodiscard]] bool has_statements(NodeId id) const;
  [[nodiscard]] std::string within(const Text& text, int looseness) const;
  [[nodiscard]] std::string name_for(const Node& node);
  Text term(NodeId id, int64_t factor);

  const Expressions& e_;
  Names& names_;
  Called& called_;
  std::string fma_;  // NAME of NAME_FMAF
  bool each_;
  std::vector<Scope> scopes_;
  std::map<NodeId, int> uses_;
  std::set<std::string> arrays_;
};

}  // namespace linnet::codegen::source
