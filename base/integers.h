// Whole numbers that are sizes: rounding, and products that may not fit.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <type_traits>

namespace linnet {

// ⌈a / b⌉ for a ≥ 0 and b > 0. Not (a + b − 1) / b, whose sum a huge step of a slice overflows.
template <std::integral T> [[nodiscard]] constexpr T ceil_div(T a, std::type_identity_t<T> b) {
  return a / b + static_cast<T>(a % b != 0);
}

// The least multiple of `unit` that is not below a, for a ≥ 0 and unit > 0.
template <std::integral T> [[nodiscard]] constexpr T round_up(T a, std::type_identity_t<T> unit) {
  return ceil_div(a, unit) * unit;
}

// The greatest multiple of `unit` that is not above a, for a ≥ 0 and unit > 0.
template <std::integral T> [[nodiscard]] constexpr T round_down(T a, std::type_identity_t<T> unit) {
  return a / unit * unit;
}

// a·b and a+b, or nullopt on overflow.
[[nodiscard]] constexpr std::optional<int64_t> checked_mul(int64_t a, int64_t b) {
  int64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result)) return std::nullopt;
  return result;
}
[[nodiscard]] constexpr std::optional<int64_t> checked_add(int64_t a, int64_t b) {
  int64_t result = 0;
  if (__builtin_add_overflow(a, b, &result)) return std::nullopt;
  return result;
}

}  // namespace linnet
