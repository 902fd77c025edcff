// Scalar functions of the evaluator for float, double, Bounded and int64_t.
#pragma once

#include "ir/bounded.h"
#include "ir/scalar_expr.h"

#include <cstdint>
#include <span>

namespace linnet::ir::scalar {

// NaN from either side is kept, as PyTorch and ONNX do; of equal values the first is taken. The
// form makes max(x, 0) one maxps: `0 > x ? 0 : x`, for the test of a constant for NaN folds away.
template <class T> T min(T a, T b) {
  return b < a || b != b ? b : a;
}
template <class T> T max(T a, T b) {
  return b > a || b != b ? b : a;
}

// The elementary functions, one definition for the evaluator, initialisers and kernels
// (support/math.h). Defined for float, double and Bounded.
template <class T> T exp(T x);
template <class T> T log(T x);
template <class T> T tanh(T x);
template <class T> T erf(T x);
template <class T> T sin(T x);
template <class T> T cos(T x);
template <class T> T sqrt(T x);
template <class T> T pow(T a, T b);

// The value of a tree at the given arguments; truth values are T(0) and T(1).
// T is float, double, Bounded or int64_t (integers: no elementary functions, division
// truncates toward zero and x / 0 = 0, so that no input ends in a signal).
template <class T> [[nodiscard]] T evaluate(const ScalarExpr& expr, std::span<const T> arguments);

}  // namespace linnet::ir::scalar
