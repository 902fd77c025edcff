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

}  // namespace

Value arithmetic(const Expr& expr, const Value& a, const Value& b, Report& report) {
  const std::string& op = expr.text;
  const auto wrong = [&] {
    report.fail(expr.span, fmt::format("{} {} {}", kind_of(a), op, kind_of(b)));
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
      if (j == 0) report.fail(expr.span, "division by zero");
      if (j == -1 || i % j != 0) return j == -1 && i != INT64_MIN ? Value{-i} : Value{x / y};
      exact = i / j;
    }
    if (op == "**") {
      if (j < 0) return real_power(expr, x, y, report);
      exact = 1;
      int64_t base = i;
      for (int64_t left = j; left > 0 && exact; left >>= 1) {
        if ((left & 1) != 0) exact = checked_mul(*exact, base);
        const auto square = checked_mul(base, base);
        if (left > 1 && !square) exact.reset();
        base = square.value_or(0);
      }
    }
    if (!exact) report.fail(expr.span, "this number does not fit into 64 bits");
    return {*exact};
  }
  if (op == "+") return {x + y};
  if (op == "-") return {x - y};
  if (op == "*") return {x * y};
  if (op == "**") return real_power(expr, x, y, report);
  return {x / y};
}

}  // namespace linnet::frontend
