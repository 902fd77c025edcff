// Scalar functions of the evaluator for float, double, Bounded and int64_t.
#pragma once

#include "ir/bounded.h"
#include "ir/scalar_expr.h"
#include "ir/type.h"

#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>

namespace linnet::ir::scalar {

// NaN from either side is kept, as PyTorch and ONNX do; of equal values the first is taken. The
// form makes max(x, 0) one maxps: `0 > x ? 0 : x`, for the test of a constant for NaN folds away.
template <class T> T min(T a, T b) {
  return b < a || b != b ? b : a;
}
template <class T> T max(T a, T b) {
  return b > a || b != b ? b : a;
}

// Integers wrap, without signed overflow.
template <class T> T add(T a, T b) {
  if constexpr (std::is_same_v<T, int64_t>) {
    return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  } else {
    return a + b;
  }
}
template <class T> T multiply(T a, T b) {
  if constexpr (std::is_same_v<T, int64_t>) {
    return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
  } else {
    return a * b;
  }
}

// The range of an integer dtype.
[[nodiscard]] int64_t least_integer(DType dtype);
[[nodiscard]] int64_t greatest_integer(DType dtype);

// What no element of the dtype lies below, or above: where a maximum or minimum begins.
template <class T> T least(DType dtype) {
  if constexpr (std::is_same_v<T, int64_t>) {
    return least_integer(dtype);
  } else {
    return T(-std::numeric_limits<double>::infinity());
  }
}
template <class T> T greatest(DType dtype) {
  if constexpr (std::is_same_v<T, int64_t>) {
    return greatest_integer(dtype);
  } else {
    return T(std::numeric_limits<double>::infinity());
  }
}

// The elementary functions, one definition for the evaluator, initialisers and kernels
// (base/math.h). Defined for float, double and Bounded.
#define LINNET_ELEMENTARY(enumerator, name, operands, op)                                          \
  template <class T> T name(LINNET_PARAMETERS_##operands(T));
#include "ir/scalar_ops.def"
template <class T> T sqrt(T x);  // the machine's, not base/math.h's

// The value of a tree at the given arguments; truth values are T(0) and T(1).
// T is float, double, Bounded or int64_t (integers: no elementary functions, division
// truncates toward zero and x / 0 = 0, so that no input ends in a signal).
template <class T> [[nodiscard]] T evaluate(const ScalarExpr& expr, std::span<const T> arguments);

}  // namespace linnet::ir::scalar
