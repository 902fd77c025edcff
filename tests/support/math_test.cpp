// Errors of the elementary functions in units in the last place, special values, monotone seams.
#include "base/math.h"
#include "base/scalar_backend.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace linnet::math {
namespace {

template <class T> T exp_of(T x) {
  return exp<Scalar<T>>(x);
}
template <class T> T log_of(T x) {
  return log<Scalar<T>>(x);
}
template <class T> T tanh_of(T x) {
  return tanh<Scalar<T>>(x);
}
template <class T> T erf_of(T x) {
  return erf<Scalar<T>>(x);
}
template <class T> T sin_of(T x) {
  return sin<Scalar<T>>(x);
}
template <class T> T cos_of(T x) {
  return cos<Scalar<T>>(x);
}
template <class T> T pow_of(T a, T b) {
  return pow<Scalar<T>>(a, b);
}

// |value − exact| in units of the last place of the exact result, subnormals included.
template <class T> double ulps(T value, long double exact) {
  if (std::isnan(value) && std::isnan(exact)) return 0;
  const T rounded = static_cast<T>(exact);
  if (std::isinf(rounded)) return value == rounded ? 0 : 1e9;
  const T above = std::nextafter(std::fabs(rounded), std::numeric_limits<T>::infinity());
  const long double unit = static_cast<long double>(above) - std::fabs(rounded);
  return static_cast<double>(std::fabs(static_cast<long double>(value) - exact) / unit);
}

// The largest error over a grid whose steps are not multiples of anything.
template <class T, class F, class G> double worst(F function, G exact, double from, double to) {
  double most = 0;
  for (int i = 0; i < 200000; ++i) {
    const T x = static_cast<T>(from + (to - from) * (i + 0.37) / 200000);
    most = std::max(most, ulps(function(x), exact(static_cast<long double>(x))));
  }
  return most;
}

template <class T> class Math : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(Math, Types);

TYPED_TEST(Math, ExpIsWithinOneUlp) {
  using T = TypeParam;
  const auto f = [](T x) { return exp_of(x); };
  const auto g = [](long double x) { return std::exp(x); };
  EXPECT_LE(worst<T>(f, g, -1, 1), 1.0);
  EXPECT_LE(worst<T>(f, g, -103, 88.7), 1.0);
  if constexpr (sizeof(T) == 8) {
    EXPECT_LE(worst<T>(f, g, -745, 709.7), 1.0);
  }
}

TYPED_TEST(Math, LogIsWithinOneUlp) {
  using T = TypeParam;
  const auto f = [](T x) { return log_of(x); };
  const auto g = [](long double x) { return std::log(x); };
  EXPECT_LE(worst<T>(f, g, 0.5, 2), 1.0);
  EXPECT_LE(worst<T>(f, g, 1e-30, 1e30), 1.0);
  EXPECT_LE(worst<T>(f, g, 1e-44, 1e-38), 1.0);  // subnormal in f32
}

TYPED_TEST(Math, TanhIsWithinThreeUlps) {
  using T = TypeParam;
  const auto f = [](T x) { return tanh_of(x); };
  const auto g = [](long double x) { return std::tanh(x); };
  EXPECT_LE(worst<T>(f, g, -1e-3, 1e-3), 3.0);
  EXPECT_LE(worst<T>(f, g, -2, 2), 3.0);
  EXPECT_LE(worst<T>(f, g, -25, 25), 3.0);
}

TYPED_TEST(Math, ErfIsWithinThreeUlps) {
  using T = TypeParam;
  const auto f = [](T x) { return erf_of(x); };
  const auto g = [](long double x) { return std::erf(x); };
  EXPECT_LE(worst<T>(f, g, -1, 1), 3.0);
  EXPECT_LE(worst<T>(f, g, -7, 7), 3.0);
}

TYPED_TEST(Math, SineAndCosineAreWithinThreeUlps) {
  using T = TypeParam;
  const auto s = [](T x) { return sin_of(x); };
  const auto c = [](T x) { return cos_of(x); };
  const auto exact_s = [](long double x) { return std::sin(x); };
  const auto exact_c = [](long double x) { return std::cos(x); };
  EXPECT_LE(worst<T>(s, exact_s, -10, 10), sizeof(T) == 4 ? 1.0 : 3.0);
  EXPECT_LE(worst<T>(c, exact_c, -10, 10), sizeof(T) == 4 ? 1.0 : 3.0);
  EXPECT_LE(worst<T>(s, exact_s, 1e5, 1e5 + 100), sizeof(T) == 4 ? 1.0 : 3.0);
}

TEST(Math, PowIsWithinOneUlpInF32) {
  double most = 0;
  for (int i = 0; i < 200000; ++i) {
    const auto a = static_cast<float>(0.01 + i * 1.7e-4);
    const auto b = static_cast<float>(-8 + (i % 1601) * 0.01);
    most = std::max(most, ulps(pow_of(a, b), std::pow(static_cast<long double>(a), b)));
  }
  EXPECT_LE(most, 1.0);
}

// What is too large to be reduced must not leave [-1, 1] unnoticed.
TYPED_TEST(Math, SineAndCosineOfLargeNumbersAreBoundedOrNaN) {
  using T = TypeParam;
  for (int power = 0; power < (sizeof(T) == 4 ? 127 : 1023); ++power) {
    const T x = std::ldexp(T(1.37), power);
    for (const T y : {sin_of(x), cos_of(x)}) {
      EXPECT_EQ(std::isnan(y), power >= 52) << x;
      EXPECT_FALSE(std::fabs(y) > 1) << x;
    }
  }
}

template <class T> bool negative_zero(T x) {
  return x == 0 && std::signbit(x);
}

TYPED_TEST(Math, SpecialValues) {
  using T = TypeParam;
  constexpr T inf = std::numeric_limits<T>::infinity();
  constexpr T nan = std::numeric_limits<T>::quiet_NaN();
  EXPECT_EQ(exp_of(T(0)), T(1));
  EXPECT_EQ(exp_of(inf), inf);
  EXPECT_EQ(exp_of(-inf), T(0));
  EXPECT_EQ(log_of(T(1)), T(0));
  EXPECT_EQ(log_of(T(0)), -inf);
  EXPECT_EQ(log_of(-T(0)), -inf);
  EXPECT_EQ(log_of(inf), inf);
  EXPECT_TRUE(std::isnan(log_of(T(-1))));
  EXPECT_EQ(tanh_of(inf), T(1));
  EXPECT_EQ(tanh_of(-inf), T(-1));
  EXPECT_TRUE(negative_zero(tanh_of(-T(0))));
  EXPECT_EQ(erf_of(inf), T(1));
  EXPECT_EQ(erf_of(-inf), T(-1));
  EXPECT_TRUE(negative_zero(erf_of(-T(0))));
  EXPECT_TRUE(negative_zero(sin_of(-T(0))));
  EXPECT_EQ(cos_of(T(0)), T(1));
  EXPECT_TRUE(std::isnan(sin_of(inf)));
  EXPECT_TRUE(std::isnan(cos_of(-inf)));
  for (auto f : {exp_of<T>, log_of<T>, tanh_of<T>, erf_of<T>, sin_of<T>, cos_of<T>})
    EXPECT_TRUE(std::isnan(f(nan)));
}

// Every pair of the values that C99's annex F.9.4.4 speaks of, against the C library.
TYPED_TEST(Math, PowHasTheSpecialCasesOfC99) {
  using T = TypeParam;
  constexpr T inf = std::numeric_limits<T>::infinity();
  constexpr T nan = std::numeric_limits<T>::quiet_NaN();
  const std::vector<T> values = {T(0),  -T(0),  T(1),    T(-1), T(2), T(-2), T(3),
                                 T(-3), T(0.5), T(-0.5), inf,   -inf, nan};
  for (T a : values) {
    for (T b : values) {
      const T ours = pow_of(a, b);
      const T theirs = std::pow(a, b);
      const bool same =
          (std::isnan(ours) && std::isnan(theirs)) ||
          (std::fabs(ours - theirs) <= 4 * std::numeric_limits<T>::epsilon() * std::fabs(theirs)) ||
          ours == theirs;
      EXPECT_TRUE(same && (std::isnan(ours) || std::signbit(ours) == std::signbit(theirs)))
          << "pow(" << a << ", " << b << ") = " << ours << ", not " << theirs;
    }
  }
}

}  // namespace
}  // namespace linnet::math
