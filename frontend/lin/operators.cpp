// The table of operators.
#include "frontend/lin/operators.h"

#include "ir/op_def.h"

#include <array>

namespace linnet::frontend {
namespace {

struct Row {
  Operator op;
  std::string_view text;
  int level;  // −1: stronger than all levels
  const ir::OpDef* tensor;
};

// In the order of Operator. `!=` is refused between tensors: `not (a == b)` says it.
constexpr std::array kRows = std::to_array<Row>({
    {Operator::kPipe, "|>", 0, nullptr},
    {Operator::kOr, "or", 1, &ir::ops::logical_or},
    {Operator::kAnd, "and", 2, &ir::ops::logical_and},
    {Operator::kEqual, "==", 3, &ir::ops::eq},
    {Operator::kUnequal, "!=", 3, nullptr},
    {Operator::kLess, "<", 3, &ir::ops::lt},
    {Operator::kLessEqual, "<=", 3, &ir::ops::le},
    {Operator::kGreater, ">", 3, &ir::ops::gt},
    {Operator::kGreaterEqual, ">=", 3, &ir::ops::ge},
    {Operator::kPlus, "+", 4, &ir::ops::add},
    {Operator::kMinus, "-", 4, &ir::ops::sub},
    {Operator::kTimes, "*", 5, &ir::ops::mul},
    {Operator::kDivide, "/", 5, &ir::ops::div},
    {Operator::kPower, "**", -1, &ir::ops::pow},
    {Operator::kNot, "not", -1, nullptr},
});

constexpr bool in_order() {
  for (size_t i = 0; i < kRows.size(); ++i) {
    if (kRows[i].op != static_cast<Operator>(i)) return false;
  }
  return true;
}
static_assert(in_order());

const Row& row(Operator op) {
  return kRows[static_cast<size_t>(op)];
}

}  // namespace

std::string_view spelling(Operator op) {
  return row(op).text;
}

std::optional<Operator> operator_at(int level, std::string_view text) {
  for (const Row& row : kRows) {
    if (row.level == level && row.text == text) return row.op;
  }
  return std::nullopt;
}

const ir::OpDef* tensor_op(Operator op) {
  return row(op).tensor;
}

}  // namespace linnet::frontend
