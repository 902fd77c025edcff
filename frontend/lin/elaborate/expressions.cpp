// Expressions of the model language: names, arithmetic, pipes.
#include "frontend/lin/elaborate/expressions.h"

#include "frontend/lin/elaborate/calls.h"
#include "frontend/lin/elaborate/indexing.h"
#include "frontend/lin/elaborate/numbers.h"
#include "ir/op_def.h"
#include "support/text.h"

#include <fmt/format.h>

namespace linnet::frontend {

Value Expressions::evaluate(const Expr& expr, Scope& scope) {
  switch (expr.kind) {
  case ExprKind::kName:
    return name(expr, scope);
  case ExprKind::kInteger:
    return {expr.integer};
  case ExprKind::kReal:
    return {expr.real};
  case ExprKind::kString:
    return {expr.text};
  case ExprKind::kList:
  case ExprKind::kTuple: {
    std::vector<Value> values;
    for (const ExprPtr& operand : expr.operands)
      values.push_back(evaluate(*operand, scope));
    if (expr.kind == ExprKind::kList) return {List{std::move(values)}};
    return {Tuple{std::move(values)}};
  }
  case ExprKind::kCall:
    return calls_.call(expr, scope, nullptr, {});
  case ExprKind::kMember:
    return member(expr, scope);
  case ExprKind::kIndex:
    return index(expr, scope, *this, nodes_, report_);
  case ExprKind::kUnary:
    return unary(expr, scope);
  case ExprKind::kBinary:
    return expr.op == Operator::kPipe ? pipe(expr, scope) : binary(expr, scope);
  case ExprKind::kRange:
    report_.fail(expr.span, "a range stands only in `repeat` and in `data`");
  case ExprKind::kSlice:
  case ExprKind::kEllipsis:
    break;  // index() reads them
  }
  return {};
}

Value Expressions::name(const Expr& expr, Scope& scope) {
  const auto known = scope.names.find(expr.text);
  if (known != scope.names.end()) {
    known->second.used = true;
    if (known->second.faulty) throw Abandon{};
    return known->second.value;
  }
  if (expr.text == "true" || expr.text == "false") return {expr.text == "true"};
  // A word: an attribute's choice such as `tanh` in gelu(approximate: tanh).
  std::vector<std::string> names(scope.order.begin(), scope.order.end());
  names.insert(names.end(), scope.words.begin(), scope.words.end());
  report_.fail(expr.span, fmt::format("'{}' is not defined", expr.text),
               did_you_mean(expr.text, names));
}

// A path names a parameter; only a loss sees those of all layers.
Value Expressions::member(const Expr& expr, const Scope& scope) {
  if (!scope.parameters) {
    const std::string owner = expr.text.substr(0, expr.text.find('.'));
    const auto known = scope.names.find(owner);
    const bool tensor = known != scope.names.end() && known->second.value.is_tensor();
    if (owner == "self") {
      report_.fail(expr.span, "there is no `self`: layers and parameters are known by their names",
                   expr.text.substr(5));
    }
    report_.fail(expr.span,
                 tensor ? fmt::format("'{}' has no members", owner)
                        : "a path stands only in a `train` block",
                 tensor ? "sizes are named in the type: x: f32[N, C, H, W]; transpose(x) is .T"
                        : "");
  }
  const auto slot = scope.parameters->find(expr.text);
  if (slot != scope.parameters->end()) return {slot->second};
  std::vector<std::string> paths;
  for (const auto& [path, value] : *scope.parameters)
    paths.push_back(path);
  report_.fail(expr.span, fmt::format("the model has no parameter '{}'", expr.text),
               did_you_mean(expr.text, paths));
}

Value Expressions::pipe(const Expr& expr, Scope& scope) {
  const Value left = evaluate(*expr.operands[0], scope);
  const Expr& right = *expr.operands[1];
  const bool path = right.kind == ExprKind::kMember || right.kind == ExprKind::kString;
  if (right.kind != ExprKind::kName && right.kind != ExprKind::kCall && !path)
    report_.fail(right.span, "behind `|>` stands a layer, a block or an op");
  return calls_.call(right, scope, &left, expr.operands[0]->span);
}

Value Expressions::binary(const Expr& expr, Scope& scope) {
  const Value a = evaluate(*expr.operands[0], scope);
  const Value b = evaluate(*expr.operands[1], scope);
  if (!a.is_tensor() && !b.is_tensor()) return arithmetic(expr, a, b, report_);
  const ir::OpDef* op = tensor_op(expr.op);
  if (!op)
    report_.fail(expr.name_span, fmt::format("'{}' has no meaning for tensors", spelling(expr.op)));
  return nodes_.create(*op, {a, b}, {expr.operands[0]->span, expr.operands[1]->span}, {}, {},
                       expr.span);
}

Value Expressions::unary(const Expr& expr, Scope& scope) {
  const Value value = evaluate(*expr.operands[0], scope);
  const Span span = expr.operands[0]->span;
  const bool minus = expr.op == Operator::kMinus;
  if (value.is_tensor())
    return nodes_.create(minus ? ir::ops::neg : ir::ops::logical_not, {value}, {span}, {}, {},
                         expr.span);
  if (!minus && value.get<bool>()) return {!*value.get<bool>()};
  if (minus && value.get<int64_t>() && *value.get<int64_t>() != INT64_MIN)
    return {-*value.get<int64_t>()};
  if (minus && value.get<double>()) return {-*value.get<double>()};
  report_.fail(expr.span, fmt::format("{} {}", spelling(expr.op), nodes_.described(value)));
}

// The sizes of a list; nullopt where the expression is no name of one.
std::optional<std::vector<int64_t>> Expressions::sizes_of(const Expr& expr, Scope& scope) {
  const auto known = scope.names.find(expr.text);
  if (expr.kind != ExprKind::kName || known == scope.names.end()) return std::nullopt;
  const auto* list = known->second.value.get<List>();
  if (!list) return std::nullopt;
  std::vector<int64_t> sizes;
  for (const Value& value : list->values) {
    const auto* size = value.get<int64_t>();
    if (!size || *size < 0)
      report_.fail(expr.span,
                   fmt::format("the sizes in '{}' must be integers from 0 on", expr.text));
    sizes.push_back(*size);
  }
  return sizes;
}

ir::Shape Expressions::shape_of(const TypeExpr& type, Scope& scope) {
  ir::Shape shape;
  for (const ExprPtr& dim : type.dims) {
    if (const auto list = sizes_of(*dim, scope)) {
      shape.insert(shape.end(), list->begin(), list->end());
    } else {
      shape.push_back(dimension(*dim, scope));
    }
  }
  return shape;
}

int64_t Expressions::dimension(const Expr& expr, Scope& scope) {
  const Value value = evaluate(expr, scope);
  const auto* size = value.get<int64_t>();
  if (!size)
    report_.fail(expr.span,
                 fmt::format("a size must be an integer, not {}", nodes_.described(value)));
  if (*size < 0) report_.fail(expr.span, fmt::format("a size cannot be {}", *size));
  return *size;
}

}  // namespace linnet::frontend
