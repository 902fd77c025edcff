// Arithmetic of numbers, bools and strings while a model is built.
#include "frontend/lin/elaborate/numbers.h"

#include "base/integers.h"
#include "support/text.h"

#include <fmt/format.h>

#include <cmath>

namespace linnet::frontend {

namespace {

Value real_power(const Expr& expr, double x, double y, Report& report) {
  if (x == 0 && y < 0) report.fail(expr.span, "division by zero");
  const double power = std::pow(x, y);
  if (std::isnan(power)) report.fail(expr.span, "a root of a negative number is no real number");
  return {power};
}

bool equal(const Value& a, const Value& b, bool& comparable) {
  if (a.is_number() && b.is_number()) return a.number() == b.number();
  if (a.get<std::string>() && b.get<std::string>())
    return *a.get<std::string>() == *b.get<std::string>();
  comparable = a.get<bool>() && b.get<bool>();
  return comparable && *a.get<bool>() == *b.get<bool>();
}

std::optional<int64_t> integer_power(int64_t base, int64_t exponent) {
  std::optional<int64_t> power = 1;
  for (int64_t left = exponent; left > 0 && power; left >>= 1) {
    if ((left & 1) != 0) power = checked_mul(*power, base);
    const auto square = checked_mul(base, base);
    if (left > 1 && !square) power.reset();
    base = square.value_or(0);
  }
  return power;
}

Value real_arithmetic(const Expr& expr, double x, double y, Report& report) {
  switch (expr.op) {
  case Operator::kPlus:
    return {x + y};
  case Operator::kMinus:
    return {x - y};
  case Operator::kTimes:
    return {x * y};
  case Operator::kPower:
    return real_power(expr, x, y, report);
  default:
    return {x / y};
  }
}

// Integers stay integers while they are exact: 7 / 2 is 3.5, 2 ** -1 is 0.5.
Value integer_arithmetic(const Expr& expr, int64_t i, int64_t j, Report& report) {
  const auto real = [&] {
    return real_arithmetic(expr, static_cast<double>(i), static_cast<double>(j), report);
  };
  std::optional<int64_t> exact;
  switch (expr.op) {
  case Operator::kPlus:
    exact = checked_add(i, j);
    break;
  case Operator::kMinus:
    if (j != INT64_MIN) exact = checked_add(i, -j);
    break;
  case Operator::kTimes:
    exact = checked_mul(i, j);
    break;
  case Operator::kPower:
    if (j < 0) return real();
    exact = integer_power(i, j);
    break;
  default:
    if (j == 0) report.fail(expr.span, "division by zero");
    if (j == -1) return i != INT64_MIN ? Value{-i} : real();
    if (i % j != 0) return real();
    exact = i / j;
  }
  if (!exact) report.fail(expr.span, "this number does not fit into 64 bits");
  return {*exact};
}

}  // namespace

Value arithmetic(const Expr& expr, const Value& a, const Value& b, Report& report) {
  const Operator op = expr.op;
  const auto wrong = [&] {
    report.fail(expr.span, fmt::format("{} {} {}", kind_of(a), spelling(op), kind_of(b)));
  };
  if (op == Operator::kAnd || op == Operator::kOr) {
    if (!a.get<bool>() || !b.get<bool>()) wrong();
    const bool x = *a.get<bool>(), y = *b.get<bool>();
    return {op == Operator::kAnd ? x && y : x || y};
  }
  if (op == Operator::kEqual || op == Operator::kUnequal) {
    bool comparable = true;
    const bool same = equal(a, b, comparable);
    if (!comparable) wrong();
    return {same == (op == Operator::kEqual)};
  }
  if (!a.is_number() || !b.is_number()) wrong();
  const double x = a.number();
  const double y = b.number();
  switch (op) {
  case Operator::kLess:
    return {x < y};
  case Operator::kLessEqual:
    return {x <= y};
  case Operator::kGreater:
    return {x > y};
  case Operator::kGreaterEqual:
    return {x >= y};
  default:
    break;
  }
  if (a.get<int64_t>() && b.get<int64_t>())
    return integer_arithmetic(expr, *a.get<int64_t>(), *b.get<int64_t>(), report);
  return real_arithmetic(expr, x, y, report);
}

}  // namespace linnet::frontend
