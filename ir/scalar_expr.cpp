// Scalar trees, and a builder for each operator of ir/scalar_ops.def.
#include "ir/scalar_expr.h"

#include "support/check.h"

#include <array>
#include <string>

namespace linnet::ir {

struct ScalarExpr::Node {
  ScalarOp op;
  int index = 0;
  double constant = 0;
  std::vector<ScalarExpr> operands;
};

std::string_view name(ScalarOp op) {
  constexpr auto kNames = std::to_array<std::string_view>({
      "argument",
      "constant",
#define LINNET_SCALAR(enumerator, name, operands, op) #name,
#include "ir/scalar_ops.def"
  });
  return kNames[static_cast<size_t>(op)];
}

ScalarExpr::ScalarExpr(double constant)
    : node_(std::make_shared<const Node>(Node{ScalarOp::kConstant, 0, constant, {}})) {}

ScalarExpr ScalarExpr::argument(int index) {
  return ScalarExpr(std::make_shared<const Node>(Node{ScalarOp::kArgument, index, 0, {}}));
}

ScalarExpr ScalarExpr::make(ScalarOp op, std::vector<ScalarExpr> operands) {
  return ScalarExpr(std::make_shared<const Node>(Node{op, 0, 0, std::move(operands)}));
}

ScalarOp ScalarExpr::op() const {
  return node_->op;
}
int ScalarExpr::index() const {
  return node_->index;
}
double ScalarExpr::constant() const {
  return node_->constant;
}
const std::vector<ScalarExpr>& ScalarExpr::operands() const {
  return node_->operands;
}

ScalarExpr operator+(ScalarExpr a, ScalarExpr b) {
  return add(a, b);
}
ScalarExpr operator-(ScalarExpr a, ScalarExpr b) {
  return sub(a, b);
}
ScalarExpr operator*(ScalarExpr a, ScalarExpr b) {
  return mul(a, b);
}
ScalarExpr operator/(ScalarExpr a, ScalarExpr b) {
  return div(a, b);
}
ScalarExpr operator-(ScalarExpr a) {
  return neg(a);
}
ScalarExpr operator<(ScalarExpr a, ScalarExpr b) {
  return less(a, b);
}
ScalarExpr operator<=(ScalarExpr a, ScalarExpr b) {
  return less_equal(a, b);
}
ScalarExpr operator>(ScalarExpr a, ScalarExpr b) {
  return b < a;
}
ScalarExpr operator>=(ScalarExpr a, ScalarExpr b) {
  return b <= a;
}

#define LINNET_SCALAR(enumerator, name, operands, op)                                              \
  ScalarExpr name(LINNET_PARAMETERS_##operands(ScalarExpr)) {                                      \
    return ScalarExpr::make(ScalarOp::enumerator, {LINNET_ARGUMENTS_##operands});                  \
  }
#include "ir/scalar_ops.def"

}  // namespace linnet::ir
