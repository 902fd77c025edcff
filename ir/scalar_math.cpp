// The value of a scalar tree, in each number that the evaluator computes in.
// Compiled with -ffp-contract=off: a contracted multiply-add would change bits.
#include "ir/scalar_math.h"

#include "base/math.h"
#include "base/scalar_backend.h"
#include "ir/scalar_derivative.h"

#include "support/check.h"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

namespace linnet::ir::scalar {
namespace {

// A smooth function of Bounded operands: its value, and how much of their error reaches it by the
// slopes of its scalar tree. A slope that is no number belongs to a value that is none, or to an
// operand that no derivative is taken by (the exponent of a negative base).
template <size_t n> Bounded through_slopes(ScalarOp op, double value, const Bounded (&x)[n]) {
  std::vector<ScalarExpr> operands;
  double at[n];
  for (size_t i = 0; i < n; ++i) {
    operands.push_back(ScalarExpr::argument(static_cast<int>(i)));
    at[i] = x[i].value;
  }
  const ScalarExpr tree = ScalarExpr::make(op, std::move(operands));
  double magnitude = std::fabs(value);
  for (size_t i = 0; i < n; ++i) {
    const double slope =
        evaluate<double>(derivative(tree, static_cast<int>(i)), std::span<const double>(at));
    if (!std::isnan(slope)) magnitude += std::fabs(slope) * x[i].magnitude;
  }
  return {value, magnitude};
}

}  // namespace

#define LINNET_ELEMENTARY(enumerator, name, operands, op)                                          \
  template <> float name(LINNET_PARAMETERS_##operands(float)) {                                    \
    return math::name<math::Scalar<float>>(LINNET_ARGUMENTS_##operands);                           \
  }                                                                                                \
  template <> double name(LINNET_PARAMETERS_##operands(double)) {                                  \
    return math::name<math::Scalar<double>>(LINNET_ARGUMENTS_##operands);                          \
  }                                                                                                \
  template <> Bounded name(LINNET_PARAMETERS_##operands(Bounded)) {                                \
    const Bounded x[] = {LINNET_ARGUMENTS_##operands};                                             \
    double at[] = {0, 0};                                                                          \
    for (size_t i = 0; i < std::size(x); ++i)                                                      \
      at[i] = x[i].value;                                                                          \
    return through_slopes(ScalarOp::enumerator, name<double>(LINNET_ELEMENTS_##operands(at)), x);  \
  }
#include "ir/scalar_ops.def"

template <> float sqrt(float x) {
  return std::sqrt(x);
}
template <> double sqrt(double x) {
  return std::sqrt(x);
}
template <> Bounded sqrt(Bounded x) {
  const double value = std::sqrt(x.value);
  return through(x, value, value == 0 ? 0 : 0.5 / value);
}

namespace {

template <class T> T floating(ScalarOp op, std::span<const T> x) {
  switch (op) {
#define LINNET_ELEMENTARY(enumerator, name, operands, op)                                          \
  case ScalarOp::enumerator:                                                                       \
    return name(LINNET_ELEMENTS_##operands(x));
#include "ir/scalar_ops.def"
  case ScalarOp::kSqrt:
    return sqrt(x[0]);
  default:
    break;
  }
  // Rounding keeps the magnitude: an error may be amplified to a whole unit at a step, which
  // tests avoid by their inputs.
  auto rounded = [&](auto f) -> T {
    if constexpr (std::is_same_v<T, Bounded>) {
      return {f(x[0].value), std::max(std::fabs(f(x[0].value)), x[0].magnitude)};
    } else {
      return f(x[0]);
    }
  };
  switch (op) {
  case ScalarOp::kFloor:
    return rounded([](auto v) { return std::floor(v); });
  case ScalarOp::kCeil:
    return rounded([](auto v) { return std::ceil(v); });
  case ScalarOp::kRound:
    return rounded([](auto v) { return std::nearbyint(v); });
  default:
    LINNET_CHECK(false, "scalar op without evaluation: " + std::string(name(op)));
  }
}

// Two's complement wrap-around, without the undefined behaviour of signed overflow.
int64_t wrapping(ScalarOp op, int64_t a, int64_t b) {
  const uint64_t x = static_cast<uint64_t>(a);
  const uint64_t y = static_cast<uint64_t>(b);
  switch (op) {
  case ScalarOp::kAdd:
    return static_cast<int64_t>(x + y);
  case ScalarOp::kSub:
    return static_cast<int64_t>(x - y);
  case ScalarOp::kMul:
    return static_cast<int64_t>(x * y);
  case ScalarOp::kNeg:
    return static_cast<int64_t>(uint64_t{0} - x);
  case ScalarOp::kAbs:
    return a < 0 ? static_cast<int64_t>(uint64_t{0} - x) : a;
  case ScalarOp::kDiv:
    if (b == 0) return 0;
    return b == -1 ? static_cast<int64_t>(uint64_t{0} - x) : a / b;
  case ScalarOp::kPow: {
    if (b < 0) return a == 1 ? 1 : a == -1 ? (b % 2 ? -1 : 1) : 0;
    uint64_t power = 1;
    uint64_t base = x;
    for (uint64_t rest = y; rest; rest >>= 1, base *= base) {
      if (rest & 1) power *= base;
    }
    return static_cast<int64_t>(power);
  }
  case ScalarOp::kFloor:
  case ScalarOp::kCeil:
  case ScalarOp::kRound:
    return a;
  default:
    LINNET_CHECK(false, "scalar op without integers: " + std::string(name(op)));
  }
}

template <class T> T absolute(T x) {
  if constexpr (std::is_same_v<T, Bounded>) {
    return {std::fabs(x.value), x.magnitude};
  } else {
    return std::fabs(x);
  }
}

template <class T> T arithmetic(ScalarOp op, std::span<const T> x) {
  if constexpr (std::is_same_v<T, int64_t>) {
    return wrapping(op, x[0], x.size() > 1 ? x[1] : 0);
  } else {
    switch (op) {
    case ScalarOp::kAdd:
      return x[0] + x[1];
    case ScalarOp::kSub:
      return x[0] - x[1];
    case ScalarOp::kMul:
      return x[0] * x[1];
    case ScalarOp::kDiv:
      return x[0] / x[1];
    case ScalarOp::kNeg:
      return -x[0];
    case ScalarOp::kAbs:
      return absolute(x[0]);
    default:
      return floating<T>(op, x);
    }
  }
}

}  // namespace

int64_t least_integer(DType dtype) {
  if (dtype == DType::kU8 || dtype == DType::kBool) return 0;
  return -greatest_integer(dtype) - 1;
}

int64_t greatest_integer(DType dtype) {
  if (dtype == DType::kBool) return 1;
  const int64_t bits = 8 * size_of(dtype) - (dtype == DType::kU8 ? 0 : 1);
  return static_cast<int64_t>((uint64_t{1} << bits) - 1);
}

template <class T> T evaluate(const ScalarExpr& expr, std::span<const T> arguments) {
  if (expr.op() == ScalarOp::kArgument) return arguments[static_cast<size_t>(expr.index())];
  if (expr.op() == ScalarOp::kConstant) return static_cast<T>(expr.constant());
  const auto& operands = expr.operands();
  T x[3] = {T(0), T(0), T(0)};
  for (size_t i = 0; i < operands.size(); ++i)
    x[i] = evaluate<T>(operands[i], arguments);
  const T yes(1);
  const T no(0);
  switch (expr.op()) {
  case ScalarOp::kMin:
    return min(x[0], x[1]);
  case ScalarOp::kMax:
    return max(x[0], x[1]);
  case ScalarOp::kLess:
    return x[0] < x[1] ? yes : no;
  case ScalarOp::kLessEqual:
    return x[0] <= x[1] ? yes : no;
  case ScalarOp::kEqual:
    return x[0] == x[1] ? yes : no;
  case ScalarOp::kAnd:
    return x[0] != no && x[1] != no ? yes : no;
  case ScalarOp::kOr:
    return x[0] != no || x[1] != no ? yes : no;
  case ScalarOp::kNot:
    return x[0] == no ? yes : no;
  case ScalarOp::kSelect:
    return x[0] != no ? x[1] : x[2];
  default:
    return arithmetic<T>(expr.op(), std::span<const T>(x, operands.size()));
  }
}

template float evaluate(const ScalarExpr&, std::span<const float>);
template double evaluate(const ScalarExpr&, std::span<const double>);
template Bounded evaluate(const ScalarExpr&, std::span<const Bounded>);
template int64_t evaluate(const ScalarExpr&, std::span<const int64_t>);

}  // namespace linnet::ir::scalar
