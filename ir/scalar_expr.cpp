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
  constexpr std::array<std::string_view, 29> kNames{
      "argument", "constant", "add",   "sub",    "mul",   "div",  "min",        "max",
      "pow",      "neg",      "abs",   "exp",    "log",   "sqrt", "tanh",       "erf",
      "sin",      "cos",      "floor", "ceil",   "round", "less", "less_equal", "equal",
      "and",      "or",       "not",   "select", ""};
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
  return ScalarExpr::make(ScalarOp::kAdd, {a, b});
}
ScalarExpr operator-(ScalarExpr a, ScalarExpr b) {
  return ScalarExpr::make(ScalarOp::kSub, {a, b});
}
ScalarExpr operator*(ScalarExpr a, ScalarExpr b) {
  return ScalarExpr::make(ScalarOp::kMul, {a, b});
}
ScalarExpr operator/(ScalarExpr a, ScalarExpr b) {
  return ScalarExpr::make(ScalarOp::kDiv, {a, b});
}
ScalarExpr operator-(ScalarExpr a) {
  return ScalarExpr::make(ScalarOp::kNeg, {a});
}
ScalarExpr operator<(ScalarExpr a, ScalarExpr b) {
  return ScalarExpr::make(ScalarOp::kLess, {a, b});
}
ScalarExpr operator<=(ScalarExpr a, ScalarExpr b) {
  return ScalarExpr::make(ScalarOp::kLessEqual, {a, b});
}
ScalarExpr operator>(ScalarExpr a, ScalarExpr b) {
  return b < a;
}
ScalarExpr operator>=(ScalarExpr a, ScalarExpr b) {
  return b <= a;
}
ScalarExpr equal(ScalarExpr a, ScalarExpr b) {
  return ScalarExpr::make(ScalarOp::kEqual, {a, b});
}
ScalarExpr min(ScalarExpr a, ScalarExpr b) {
  return ScalarExpr::make(ScalarOp::kMin, {a, b});
}
ScalarExpr max(ScalarExpr a, ScalarExpr b) {
  return ScalarExpr::make(ScalarOp::kMax, {a, b});
}
ScalarExpr pow(ScalarExpr a, ScalarExpr b) {
  return ScalarExpr::make(ScalarOp::kPow, {a, b});
}
ScalarExpr abs(ScalarExpr a) {
  return ScalarExpr::make(ScalarOp::kAbs, {a});
}
ScalarExpr exp(ScalarExpr a) {
  return ScalarExpr::make(ScalarOp::kExp, {a});
}
ScalarExpr log(ScalarExpr a) {
  return ScalarExpr::make(ScalarOp::kLog, {a});
}
ScalarExpr sqrt(ScalarExpr a) {
  return ScalarExpr::make(ScalarOp::kSqrt, {a});
}
ScalarExpr tanh(ScalarExpr a) {
  return ScalarExpr::make(ScalarOp::kTanh, {a});
}
ScalarExpr erf(ScalarExpr a) {
  return ScalarExpr::make(ScalarOp::kErf, {a});
}
ScalarExpr sin(ScalarExpr a) {
  return ScalarExpr::make(ScalarOp::kSin, {a});
}
ScalarExpr cos(ScalarExpr a) {
  return ScalarExpr::make(ScalarOp::kCos, {a});
}
ScalarExpr floor(ScalarExpr a) {
  return ScalarExpr::make(ScalarOp::kFloor, {a});
}
ScalarExpr ceil(ScalarExpr a) {
  return ScalarExpr::make(ScalarOp::kCeil, {a});
}
ScalarExpr round(ScalarExpr a) {
  return ScalarExpr::make(ScalarOp::kRound, {a});
}
ScalarExpr logical_and(ScalarExpr a, ScalarExpr b) {
  return ScalarExpr::make(ScalarOp::kAnd, {a, b});
}
ScalarExpr logical_or(ScalarExpr a, ScalarExpr b) {
  return ScalarExpr::make(ScalarOp::kOr, {a, b});
}
ScalarExpr logical_not(ScalarExpr a) {
  return ScalarExpr::make(ScalarOp::kNot, {a});
}
ScalarExpr select(ScalarExpr condition, ScalarExpr then, ScalarExpr otherwise) {
  return ScalarExpr::make(ScalarOp::kSelect, {condition, then, otherwise});
}

}  // namespace linnet::ir
