// The elementary functions of linnet, written once for every number they run on: the evaluator's
// float and double, and Halide's expressions (codegen/lower/halide_math.cpp). Same coefficients,
// same order, a fused multiply-add wherever a product meets a sum: the same bits.
//
// A back end B has types V (a number) and M (a truth value) and
// clang-format off
//   constant(double) → V    fma(V, V, V)    select(M, V, V)    floor(V)    abs(V)
//   round(V)                to nearest even
//   negate(V)               the sign bit alone
//   less(V, V) → M, equal(V, V) → M    false for NaN
//   pow2(V n)               2^n for an integer n from kLeastExponent to kMostExponent
//   exponent(V x), mantissa(V x)       x = mantissa · 2^exponent, mantissa in [√½, √2); x normal, > 0
//   widen, narrow           f32 to its f64 back end and back (f32 only)
// clang-format on
// and constants kIsDouble, kLeastNormal. V has + - * /. Selects only: no branches. docs/numerics.md
// has the errors.
#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <numbers>

namespace linnet::math {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Horner's scheme, the highest power first in the evaluation: c[0] + c[1] x + ….
template <class B, std::size_t n>
typename B::V polynomial(const std::array<double, n>& c, const typename B::V& x) {
  typename B::V sum = B::constant(c[n - 1]);
  for (std::size_t i = n - 1; i-- > 0;)
    sum = B::fma(sum, x, B::constant(c[i]));
  return sum;
}

// 1/2!, 1/3!, …: (e^r − 1 − r) / r² for |r| ≤ ln 2 / 2 to 2⁻²⁸ (f32: 6 terms) or 2⁻⁵⁷ (f64: 12).
inline constexpr std::array<double, 6> kExp32 = {1.0 / 2,   1.0 / 6,   1.0 / 24,
                                                 1.0 / 120, 1.0 / 720, 1.0 / 5040};
inline constexpr std::array<double, 12> kExp64 = {
    1.0 / 2,         1.0 / 6,          1.0 / 24,          1.0 / 120,
    1.0 / 720,       1.0 / 5040,       1.0 / 40320.0,     1.0 / 362880.0,
    1.0 / 3628800.0, 1.0 / 39916800.0, 1.0 / 479001600.0, 1.0 / 6227020800.0};

// ln 2 in two parts; the first has trailing zeros, so that its product with an exponent is exact.
template <class B> typename B::V ln2_high() {
  return B::constant(B::kIsDouble ? 0x1.62e42fee00000p-1 : 0.693359375);
}
template <class B> typename B::V ln2_low() {
  return B::constant(B::kIsDouble ? 0x1.a39ef35793c76p-33 : -2.12194440054690583e-4);
}

// e^x = 2^n (1 + q) with n = round(x / ln 2).
template <class B> struct Reduced {
  typename B::V n, q;
};
template <class B> Reduced<B> reduce_exp(const typename B::V& x) {
  using V = typename B::V;
  const V n = B::round(x * B::constant(std::numbers::log2e));
  const V r = B::fma(B::negate(n), ln2_low<B>(), B::fma(B::negate(n), ln2_high<B>(), x));
  V tail;
  if constexpr (B::kIsDouble) {
    tail = polynomial<B>(kExp64, r);
  } else {
    tail = polynomial<B>(kExp32, r);
  }
  return {n, B::fma(r * r, tail, r)};
}

// 0 where x is NaN, else within [least, most].
template <class B> typename B::V clamped(const typename B::V& x, double least, double most) {
  using V = typename B::V;
  const V high = B::select(B::less(B::constant(most), x), B::constant(most), x);
  const V both = B::select(B::less(high, B::constant(least)), B::constant(least), high);
  return B::select(B::equal(x, x), both, B::constant(0));
}

template <class B> typename B::V exp(const typename B::V& x) {
  using V = typename B::V;
  // Beyond these the result is infinite or rounds to 0, by itself.
  const V c = B::kIsDouble ? clamped<B>(x, -746, 710) : clamped<B>(x, -104, 89);
  const Reduced<B> e = reduce_exp<B>(c);
  const V p = e.q + B::constant(1);
  // In two steps: 2^n itself may be no normal number where the result is one.
  const V half = B::floor(e.n * B::constant(0.5));
  const V y = p * B::pow2(half) * B::pow2(e.n - half);
  return B::select(B::equal(x, x), y, x);
}

// 2/3, 2/5, 2/7, …: 2 artanh(s) = 2s + s³ (2/3 + 2/5 s² + …), |s| ≤ 0.1716.
inline constexpr std::array<double, 4> kLog32 = {2.0 / 3, 2.0 / 5, 2.0 / 7, 2.0 / 9};
inline constexpr std::array<double, 10> kLog64 = {2.0 / 3,  2.0 / 5,  2.0 / 7,  2.0 / 9,  2.0 / 11,
                                                  2.0 / 13, 2.0 / 15, 2.0 / 17, 2.0 / 19, 2.0 / 21};

// log(m 2^k) = k ln 2 + log(1 + f); log(1 + f) = f − (h − s (h + R)), h = f²/2, s = f / (2 + f),
// R = s² (2/3 + …): the form keeps its bits where f is small (Tang, ACM TOMS 16, 1990).
template <class B> typename B::V log(const typename B::V& x) {
  using V = typename B::V;
  const V zero = B::constant(0);
  const auto subnormal = B::less(x, B::constant(B::kLeastNormal));
  const double shift = B::kIsDouble ? 54 : 24;
  const V up = B::constant(B::kIsDouble ? 0x1p54 : 0x1p24);
  const auto usual = B::less(zero, x);
  const V safe = B::select(usual, B::select(subnormal, x * up, x), B::constant(1));
  const V finite = B::select(B::less(safe, B::constant(kInfinity)), safe, B::constant(1));
  const V k = B::exponent(finite) - B::select(subnormal, B::constant(shift), zero);
  const V f = B::mantissa(finite) - B::constant(1);
  const V s = f / (f + B::constant(2));
  const V z = s * s;
  V series;
  if constexpr (B::kIsDouble) {
    series = polynomial<B>(kLog64, z);
  } else {
    series = polynomial<B>(kLog32, z);
  }
  const V h = f * B::constant(0.5) * f;
  const V low = B::fma(s, B::fma(z, series, h), k * ln2_low<B>());
  const V y = B::fma(k, ln2_high<B>(), f - (h - low));
  const V infinite = B::select(B::equal(x, B::constant(kInfinity)), x, y);
  const V at_zero = B::select(B::equal(x, zero), B::constant(-kInfinity), infinite);
  const V below = B::select(B::less(x, zero), B::constant(kNaN), at_zero);
  return B::select(B::equal(x, x), below, x);
}

// tanh a = E / (E + 2) with E = e^{2a} − 1 = 2^n q + (2^n − 1), which is accurate near 0 too.
template <class B> typename B::V tanh(const typename B::V& x) {
  using V = typename B::V;
  const V a = clamped<B>(B::abs(x), 0, B::kIsDouble ? 20 : 10);
  const Reduced<B> e = reduce_exp<B>(a + a);
  const V scale = B::pow2(e.n);
  const V grown = B::fma(e.q, scale, scale - B::constant(1));
  const V y = grown / (grown + B::constant(2));
  const V sided = B::select(B::less(x, B::constant(0)), B::negate(y), y);
  // ±0 and NaN are themselves.
  return B::select(B::equal(x, B::constant(0)), x, B::select(B::equal(x, x), sided, x));
}

// erf x / x in x², |x| < 1, and from there f32 log2 erfc x in x up to 4, 2^r for |r| ≤ ½; f64
// e^{x²} erfc x in (x − 2) / (x + 2) up to 6. Interpolation at Chebyshev nodes with 40 digits, the
// second and third by weighted least squares (Lawson's iteration); errors, as parts of erf x,
// 1.3e-9, 1.1e-9, 1.4e-8; 2.4e-21, 4.8e-21.
inline constexpr std::array<double, 7> kErf32 = {
    1.1283791658483509,   -0.37612626666720334,  0.11283594715160218,  -0.026854212010626412,
    0.005189087423433974, -0.000801686428716587, 7.875875062685488e-05};
inline constexpr std::array<double, 7> kLogErfc32 = {
    -0.00049267966195641167, -1.6260461269777106,    -0.920648143333026,    -0.14875182033552822,
    0.031505773627209167,    -0.0042525995859611484, 0.00026889123316218049};
inline constexpr std::array<double, 6> kPow2 = {1.0000000716539741,    0.69314696704281472,
                                                0.24022119726143137,   0.0555071330934232,
                                                0.0096755412419414614, 0.0013276460404905042};
inline constexpr std::array<double, 14> kErf64 = {
    1.1283791670955126,      -0.37612638903183754,    0.1128379167095512,
    -0.02686617064512984,    0.0052239776254232985,   -0.000854832702193483,
    0.00012055332902888736,  -1.4925647567519332e-05, 1.6462045441468418e-06,
    -1.6364642158167616e-07, 1.4792401209404813e-08,  -1.216456005728345e-09,
    8.709045129053106e-11,   -4.230945824295338e-12};
inline constexpr std::array<double, 21> kErfc64 = {
    0.25539567631050575,     -0.4271858474139584,    0.24165819424246635,    -0.07897858101573307,
    0.003732892404344617,    0.006997461739289359,   -0.0008471432519791012, -0.0009819770300382499,
    4.355563625422083e-05,   0.0001743612301523324,  2.7524858073592343e-05, -2.758040999497952e-05,
    -1.3961435485530436e-05, 1.3933694614170019e-06, 3.749252793129386e-06,  1.1954890930098656e-06,
    -4.114710965297881e-07,  -5.143808653845284e-07, -1.363330829462481e-07, 9.610629801816115e-08,
    5.5122843241217635e-08};

template <class B> typename B::V erf(const typename B::V& x) {
  using V = typename B::V;
  const V a = clamped<B>(B::abs(x), 0, B::kIsDouble ? 6 : 4);
  V near, outer;
  if constexpr (B::kIsDouble) {
    near = polynomial<B>(kErf64, a * a);
    const V far = polynomial<B>(kErfc64, (a - B::constant(2)) / (a + B::constant(2)));
    outer = B::fma(B::negate(exp<B>(B::negate(a * a))), far, B::constant(1));
  } else {
    near = polynomial<B>(kErf32, a * a);
    const V p = polynomial<B>(kLogErfc32, a);
    const V n = B::round(p);
    outer = B::fma(B::negate(B::pow2(n)), polynomial<B>(kPow2, p - n), B::constant(1));
  }
  const V sided = B::select(B::less(x, B::constant(0)), B::negate(outer), outer);
  const V y = B::select(B::less(a, B::constant(1)), x * near, sided);
  return B::select(B::equal(x, x), y, x);
}

// (sin r − r) / r³ and (cos r − 1) / r² in r², |r| ≤ π / 4.
inline constexpr std::array<double, 8> kSin = {-1.0 / 6,
                                               1.0 / 120,
                                               -1.0 / 5040,
                                               1.0 / 362880,
                                               -1.0 / 39916800.0,
                                               1.0 / 6227020800.0,
                                               -1.0 / 1307674368000.0,
                                               1.0 / 355687428096000.0};
inline constexpr std::array<double, 8> kCos = {
    -1.0 / 2,         1.0 / 24,          -1.0 / 720,           1.0 / 40320,
    -1.0 / 3628800.0, 1.0 / 479001600.0, -1.0 / 87178291200.0, 1.0 / 20922789888000.0};

// sin(x + turns · π/2) in f64: x = n π/2 + r with π/2 in three parts (Cody and Waite). Good to the
// last bits for |x| up to 2³⁰; then the reduction, not the function, loses them one by one, and
// from 2⁵² on none is left: NaN.
template <class B> typename B::V sine64(const typename B::V& argument, double turns) {
  using V = typename B::V;
  const auto known = B::less(B::abs(argument), B::constant(0x1p52));
  const V x = B::select(known, argument, B::constant(kNaN));
  const V n = B::round(x * B::constant(2 / std::numbers::pi));
  const V high = B::fma(B::negate(n), B::constant(0x1.921fb54400000p+0), x);
  const V middle = B::fma(B::negate(n), B::constant(0x1.0b4611a600000p-34), high);
  const V r = B::fma(B::negate(n), B::constant(0x1.3198a2e037073p-69), middle);
  const V z = r * r;
  const V s = B::fma(r * z, polynomial<B>(kSin, z), r);
  const V c = B::fma(z, polynomial<B>(kCos, z), B::constant(1));
  const V m = n + B::constant(turns);
  const V quadrant = B::fma(B::floor(m * B::constant(0.25)), B::constant(-4), m);
  const V half = B::fma(B::floor(quadrant * B::constant(0.5)), B::constant(-2), quadrant);
  const V y = B::select(B::equal(half, B::constant(1)), c, s);
  return B::select(B::less(quadrant, B::constant(2)), y, B::negate(y));
}

template <class B> typename B::V sin(const typename B::V& x) {
  if constexpr (B::kIsDouble) {
    return B::select(B::equal(x, B::constant(0)), x, sine64<B>(x, 0));  // -0 stays
  } else {
    return B::narrow(sin<typename B::Wide>(B::widen(x)));
  }
}

template <class B> typename B::V cos(const typename B::V& x) {
  if constexpr (B::kIsDouble) {
    return sine64<B>(x, 1);
  } else {
    return B::narrow(cos<typename B::Wide>(B::widen(x)));
  }
}

// C99's pow, annex F.9.4.4. f32 goes through f64; in f64 the error grows with |b log a|.
template <class B> typename B::V pow(const typename B::V& a, const typename B::V& b) {
  using V = typename B::V;
  if constexpr (!B::kIsDouble) {
    return B::narrow(pow<typename B::Wide>(B::widen(a), B::widen(b)));
  } else {
    const V zero = B::constant(0);
    const V one = B::constant(1);
    const V size = B::abs(a);
    const V magnitude = exp<B>(b * log<B>(size));
    const V usual = B::select(B::equal(size, one), one, magnitude);  // also for b = ±inf
    const auto whole = B::equal(B::floor(b), b);
    const V halved = b * B::constant(0.5);
    const auto even = B::equal(B::floor(halved), halved);
    // Negative bases, -0 among them: 1 / a tells the zeros apart.
    const auto negative = B::less(B::select(B::equal(a, zero), one / a, a), zero);
    const V odd_sign = B::select(even, usual, B::select(whole, B::negate(usual), usual));
    const auto finite = B::less(size, B::constant(kInfinity));
    const V no_root =
        B::select(whole, odd_sign,
                  B::select(B::equal(a, zero), usual, B::select(finite, B::constant(kNaN), usual)));
    const V y = B::select(negative, no_root, usual);
    const V unordered = B::select(B::equal(a, a), B::select(B::equal(b, b), y, b), a);
    const V base_one = B::select(B::equal(a, one), one, unordered);
    return B::select(B::equal(b, zero), one, base_one);
  }
}

}  // namespace linnet::math
