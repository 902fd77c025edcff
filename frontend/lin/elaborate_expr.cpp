// Expressions of the model language: names, arithmetic, pipes.
#include "frontend/lin/elaborate.h"
#include "ir/op_def.h"

#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace linnet::frontend {

Value Elaborator::evaluate(const Expr& expr, Scope& scope) {
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
    return call(expr, scope, nullptr, {});
  case ExprKind::kMember:
    return member(expr, scope);
  case ExprKind::kIndex:
    return index(expr, scope);
  case ExprKind::kUnary:
    return unary(expr, scope);
  case ExprKind::kBinary:
    return expr.text == "|>" ? pipe(expr, scope) : binary(expr, scope);
  case ExprKind::kRange:
    fail(expr.span, "a range stands only in `repeat` and in `data`");
  case ExprKind::kSlice:
  case ExprKind::kEllipsis:
    break;  // index() reads them
  }
  return {};
}

Value Elaborator::name(const Expr& expr, Scope& scope) {
  const auto known = scope.names.find(expr.text);
  if (known != scope.names.end()) {
    known->second.used = true;
    if (known->second.kind == "faulty") throw Abandon{};
    return known->second.value;
  }
  if (expr.text == "true" || expr.text == "false") return {expr.text == "true"};
  // A word: an attribute's choice such as `tanh` in gelu(approximate: tanh).
  std::vector<std::string> names(scope.order.begin(), scope.order.end());
  if (loss_scope_) {
    for (std::string_view word : loss_names())
      names.emplace_back(word);
  }
  fail(expr.span, fmt::format("'{}' is not defined", expr.text), did_you_mean(expr.text, names));
}

// A path names a parameter; only a loss sees those of all layers.
Value Elaborator::member(const Expr& expr, const Scope& scope) {
  if (!loss_scope_) {
    const std::string owner = expr.text.substr(0, expr.text.find('.'));
    const auto known = scope.names.find(owner);
    const bool tensor = known != scope.names.end() && known->second.value.is_tensor();
    if (owner == "self") {
      fail(expr.span, "there is no `self`: layers and parameters are known by their names",
           expr.text.substr(5));
    }
    fail(expr.span,
         tensor ? fmt::format("'{}' has no members", owner)
                : "a path stands only in a `train` block",
         tensor ? "sizes are named in the type: x: f32[N, C, H, W]; transpose(x) is .T" : "");
  }
  const auto slot = slot_values_.find(expr.text);
  if (slot != slot_values_.end()) return {slot->second};
  std::vector<std::string> paths;
  for (const auto& [path, value] : slot_values_)
    paths.push_back(path);
  fail(expr.span, fmt::format("the model has no parameter '{}'", expr.text),
       did_you_mean(expr.text, paths));
}

Value Elaborator::pipe(const Expr& expr, Scope& scope) {
  const Value left = evaluate(*expr.operands[0], scope);
  const Expr& right = *expr.operands[1];
  if (right.kind != ExprKind::kName && right.kind != ExprKind::kCall)
    fail(right.span, "behind `|>` stands a layer, a block or an op");
  return call(right, scope, &left, expr.operands[0]->span);
}

Value Elaborator::binary(const Expr& expr, Scope& scope) {
  const Value a = evaluate(*expr.operands[0], scope);
  const Value b = evaluate(*expr.operands[1], scope);
  if (!a.is_tensor() && !b.is_tensor()) return arithmetic(expr, a, b);
  static constexpr std::array kOps =
      std::to_array<std::pair<std::string_view, const ir::OpDef*>>({{"+", &ir::ops::add},
                                                                    {"-", &ir::ops::sub},
                                                                    {"*", &ir::ops::mul},
                                                                    {"/", &ir::ops::div},
                                                                    {"<", &ir::ops::lt},
                                                                    {"<=", &ir::ops::le},
                                                                    {">", &ir::ops::gt},
                                                                    {">=", &ir::ops::ge},
                                                                    {"**", &ir::ops::pow},
                                                                    {"==", &ir::ops::eq},
                                                                    {"and", &ir::ops::logical_and},
                                                                    {"or", &ir::ops::logical_or}});
  const auto row =
      std::ranges::find(kOps, std::string_view(expr.text), [](const auto& r) { return r.first; });
  if (row == kOps.end())
    fail(expr.name_span, fmt::format("'{}' has no meaning for tensors", expr.text));
  return create(*row->second, {a, b}, {expr.operands[0]->span, expr.operands[1]->span}, {}, {},
                expr.span);
}

Value Elaborator::arithmetic(const Expr& expr, const Value& a, const Value& b) {
  const std::string& op = expr.text;
  const auto wrong = [&] {
    fail(expr.span, fmt::format("{} {} {}", described(a), op, described(b)));
  };
  if (op == "and" || op == "or") {
    if (!a.get<bool>() || !b.get<bool>()) wrong();
    return {op == "and" ? *a.get<bool>() && *b.get<bool>() : *a.get<bool>() || *b.get<bool>()};
  }
  if (op == "==" || op == "!=") {
    bool same = false;
    if (a.is_number() && b.is_number()) {
      same = a.number() == b.number();
    } else if (a.get<std::string>() && b.get<std::string>()) {
      same = *a.get<std::string>() == *b.get<std::string>();
    } else if (a.get<bool>() && b.get<bool>()) {
      same = *a.get<bool>() == *b.get<bool>();
    } else {
      wrong();
    }
    return {same == (op == "==")};
  }
  if (!a.is_number() || !b.is_number()) wrong();
  const double x = a.number();
  const double y = b.number();
  if (op == "<") return {x < y};
  if (op == "<=") return {x <= y};
  if (op == ">") return {x > y};
  if (op == ">=") return {x >= y};
  if (a.get<int64_t>() && b.get<int64_t>()) {
    const int64_t i = *a.get<int64_t>();
    const int64_t j = *b.get<int64_t>();
    std::optional<int64_t> exact;
    if (op == "+") exact = checked_add(i, j);
    if (op == "-" && j != INT64_MIN) exact = checked_add(i, -j);
    if (op == "*") exact = checked_mul(i, j);
    if (op == "/") {
      if (j == 0) fail(expr.span, "division by zero");
      if (j == -1 || i % j != 0) return j == -1 && i != INT64_MIN ? Value{-i} : Value{x / y};
      exact = i / j;
    }
    if (op == "**") {
      if (j < 0) return real_power(expr, x, y);
      exact = 1;
      int64_t base = i;
      for (int64_t left = j; left > 0 && exact; left >>= 1) {
        if ((left & 1) != 0) exact = checked_mul(*exact, base);
        const auto square = checked_mul(base, base);
        if (left > 1 && !square) exact.reset();
        base = square.value_or(0);
      }
    }
    if (!exact) fail(expr.span, "this number does not fit into 64 bits");
    return {*exact};
  }
  if (op == "+") return {x + y};
  if (op == "-") return {x - y};
  if (op == "*") return {x * y};
  if (op == "**") return real_power(expr, x, y);
  return {x / y};
}

Value Elaborator::real_power(const Expr& expr, double x, double y) {
  if (x == 0 && y < 0) fail(expr.span, "division by zero");
  const double power = std::pow(x, y);
  if (std::isnan(power)) fail(expr.span, "a root of a negative number is no real number");
  return {power};
}

Value Elaborator::unary(const Expr& expr, Scope& scope) {
  const Value value = evaluate(*expr.operands[0], scope);
  const Span span = expr.operands[0]->span;
  if (value.is_tensor())
    return create(expr.text == "-" ? ir::ops::neg : ir::ops::logical_not, {value}, {span}, {}, {},
                  expr.span);
  if (expr.text == "not" && value.get<bool>()) return {!*value.get<bool>()};
  if (expr.text == "-" && value.get<int64_t>() && *value.get<int64_t>() != INT64_MIN)
    return {-*value.get<int64_t>()};
  if (expr.text == "-" && value.get<double>()) return {-*value.get<double>()};
  fail(expr.span, fmt::format("{} {}", expr.text, described(value)));
}

}  // namespace linnet::frontend
