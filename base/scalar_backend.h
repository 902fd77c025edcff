// base/math.h on plain float and double. Compile with -ffp-contract=off.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace linnet::math {

template <class T> struct Scalar {
  using V = T;
  using M = bool;
  using Bits = std::conditional_t<sizeof(T) == 8, int64_t, int32_t>;
  using Wide = Scalar<double>;
  static constexpr bool kIsDouble = sizeof(T) == 8;
  static constexpr double kLeastNormal = std::numeric_limits<T>::min();
  static constexpr int kMantissa = std::numeric_limits<T>::digits - 1;
  static constexpr Bits kBias = std::numeric_limits<T>::max_exponent - 1;

  static T constant(double value) { return static_cast<T>(value); }
  static T fma(T a, T b, T c) { return std::fma(a, b, c); }
  static T select(bool m, T a, T b) { return m ? a : b; }
  static T round(T x) { return std::nearbyint(x); }
  static T floor(T x) { return std::floor(x); }
  static T negate(T x) { return -x; }
  static T abs(T x) { return std::fabs(x); }
  static bool less(T a, T b) { return a < b; }
  static bool equal(T a, T b) { return a == b; }
  static T pow2(T n) { return std::bit_cast<T>((static_cast<Bits>(n) + kBias) << kMantissa); }
  // The bits of √½: from there to √2 the difference of exponents is 0.
  static Bits steps(T x) {
    return (std::bit_cast<Bits>(x) - std::bit_cast<Bits>(static_cast<T>(0.70710678118654752440))) >>
           kMantissa;
  }
  static T exponent(T x) { return static_cast<T>(steps(x)); }
  static T mantissa(T x) {
    return std::bit_cast<T>(std::bit_cast<Bits>(x) - (steps(x) << kMantissa));
  }
  static double widen(T x) { return x; }
  static T narrow(double x) { return static_cast<T>(x); }
};

}  // namespace linnet::math
