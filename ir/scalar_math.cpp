// Compiled with -ffp-contract=off: a contracted multiply-add would change bits.
#include "ir/scalar_math.h"

#include "base/math.h"
#include "base/scalar_backend.h"
#include "support/check.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <type_traits>

namespace linnet::ir::scalar {
namespace {

// The double function behind a Bounded one, with its derivative for the magnitude.
template <class Value, class Slope> Bounded lifted(Bounded x, Value value, Slope slope) {
  return through(x, value(x.value), slope(x.value));
}

}  // namespace

template <> float exp(float x) {
  return math::exp<math::Scalar<float>>(x);
}
template <> double exp(double x) {
  return math::exp<math::Scalar<double>>(x);
}
template <> float log(float x) {
  return math::log<math::Scalar<float>>(x);
}
template <> double log(double x) {
  return math::log<math::Scalar<double>>(x);
}
template <> float tanh(float x) {
  return math::tanh<math::Scalar<float>>(x);
}
template <> double tanh(double x) {
  return math::tanh<math::Scalar<double>>(x);
}
template <> float erf(float x) {
  return math::erf<math::Scalar<float>>(x);
}
template <> double erf(double x) {
  return math::erf<math::Scalar<double>>(x);
}
template <> float sin(float x) {
  return math::sin<math::Scalar<float>>(x);
}
template <> double sin(double x) {
  return math::sin<math::Scalar<double>>(x);
}
template <> float cos(float x) {
  return math::cos<math::Scalar<float>>(x);
}
template <> double cos(double x) {
  return math::cos<math::Scalar<double>>(x);
}
template <> float sqrt(float x) {
  return std::sqrt(x);
}
template <> double sqrt(double x) {
  return std::sqrt(x);
}
template <> float pow(float a, float b) {
  return math::pow<math::Scalar<float>>(a, b);
}
template <> double pow(double a, double b) {
  return math::pow<math::Scalar<double>>(a, b);
}

template <> Bounded exp(Bounded x) {
  return lifted(x, exp<double>, exp<double>);
}
template <> Bounded log(Bounded x) {
  return lifted(x, log<double>, [](double v) { return 1 / v; });
}
template <> Bounded tanh(Bounded x) {
  return lifted(x, tanh<double>, [](double v) { return 1 - tanh(v) * tanh(v); });
}
template <> Bounded erf(Bounded x) {
  return lifted(x, erf<double>,
                [](double v) { return 2 * std::numbers::inv_sqrtpi * exp(-v * v); });
}
template <> Bounded sin(Bounded x) {
  return lifted(x, sin<double>, cos<double>);
}
template <> Bounded cos(Bounded x) {
  return lifted(x, cos<double>, sin<double>);
}
template <> Bounded sqrt(Bounded x) {
  return lifted(x, sqrt<double>, [](double v) { return v == 0 ? 0 : 0.5 / std::sqrt(v); });
}
template <> Bounded pow(Bounded a, Bounded b) {
  const double value = pow(a.value, b.value);
  const double by_a = std::fabs(b.value * pow(a.value, b.value - 1)) * a.magnitude;
  const double by_b = a.value > 0 ? std::fabs(value * log(a.value)) * b.magnitude : 0;
  return {value, std::fabs(value) + by_a + by_b};
}

namespace {

template <class T> T floating(ScalarOp op, std::span<const T> x) {
  switch (op) {
  case ScalarOp::kPow:
    return pow(x[0], x[1]);
  case ScalarOp::kExp:
    return exp(x[0]);
  case ScalarOp::kLog:
    return log(x[0]);
  case ScalarOp::kSqrt:
    return sqrt(x[0]);
  case ScalarOp::kTanh:
    return tanh(x[0]);
  case ScalarOp::kErf:
    return erf(x[0]);
  case ScalarOp::kSin:
    return sin(x[0]);
  case ScalarOp::kCos:
    return cos(x[0]);
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
