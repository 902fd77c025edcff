// What all elementwise ops share: broadcasting, type rules, evaluation of the scalar tree.
#pragma once

#include "ir/op_def.h"

namespace linnet::ir {

// Which element types an elementwise op takes, and what it gives.
enum class ElementRule : uint8_t {
  kFloat,    // floats only; result: the same
  kNumber,   // floats and integers; result: the same
  kCompare,  // numbers (equal: bool too), all of one dtype; result: bool
  kLogical,  // bool only; result: bool
  kSelect,   // first operand bool, the others of one dtype; result: theirs
};

struct Elementwise {
  std::string_view name;
  std::string_view doc;
  std::vector<OperandDef> operands;
  std::vector<AttrDef> attrs = {};
  ElementRule rule = ElementRule::kFloat;
  uint32_t traits = 0;  // besides kElementwise
  ScalarExpr (*scalar)(const Attrs&) = nullptr;
  ScalarExpr (*slope)(const ScalarExpr& y, const ScalarExpr& x) = nullptr;
  std::vector<ValueId> (*gradient)(const GradientContext&) = nullptr;  // default: by `scalar`
};

[[nodiscard]] OpDef elementwise(Elementwise op);

// Operand `index` of the op, for `scalar` functions.
[[nodiscard]] inline ScalarExpr operand(int index) {
  return ScalarExpr::argument(index);
}

}  // namespace linnet::ir
