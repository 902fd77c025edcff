// Conversion between element types: saturating, rounding once, f16 and bf16 by their bits.
#include "base/io/tensor.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace linnet {

namespace {

template <class T> T load(const void* source, int64_t index) {
  T value;
  std::memcpy(&value, static_cast<const char*>(source) + index * int64_t{sizeof(T)}, sizeof(T));
  return value;
}
template <class T> void store(void* destination, int64_t index, T value) {
  std::memcpy(static_cast<char*>(destination) + index * int64_t{sizeof(T)}, &value, sizeof(T));
}

// A value on its way between two types: integers stay integers, so that i64 loses nothing.
struct Number {
  bool integer;
  int64_t i;
  double f;
};

Number load_number(DType dtype, const void* source, int64_t index) {
  auto integer = [](int64_t value) { return Number{true, value, static_cast<double>(value)}; };
  auto real = [](double value) { return Number{false, 0, value}; };
  switch (dtype) {
  case DType::kF32:
    return real(load<float>(source, index));
  case DType::kF64:
    return real(load<double>(source, index));
  case DType::kI64:
    return integer(load<int64_t>(source, index));
  case DType::kI32:
    return integer(load<int32_t>(source, index));
  case DType::kI8:
    return integer(load<int8_t>(source, index));
  case DType::kU8:
    return integer(load<uint8_t>(source, index));
  case DType::kBool:
    return integer(load<uint8_t>(source, index) != 0);
  case DType::kF16:
    return real(f16_to_f32(load<uint16_t>(source, index)));
  case DType::kBF16:
    return real(bf16_to_f32(load<uint16_t>(source, index)));
  }
  return integer(0);
}

template <class T> T saturate(Number number) {
  using Limits = std::numeric_limits<T>;
  if (number.integer) {
    if (number.i < int64_t{Limits::min()}) return Limits::min();
    if (number.i > int64_t{Limits::max()}) return Limits::max();
    return static_cast<T>(number.i);
  }
  if (std::isnan(number.f)) return 0;
  // 2^63 is exact as a double while the largest i64 is not: hence >=.
  if (number.f <= static_cast<double>(Limits::min())) return Limits::min();
  if (number.f >= static_cast<double>(Limits::max())) return Limits::max();
  return static_cast<T>(number.f);
}

// f64 → a 16-bit float in one rounding: rounding to odd in f32 first keeps the sticky bit.
float to_f32_odd(double value) {
  const float nearest = static_cast<float>(value);
  if (std::isnan(value) || static_cast<double>(nearest) == value || std::isinf(nearest))
    return nearest;
  const float toward_zero = std::abs(static_cast<double>(nearest)) > std::abs(value)
                                ? std::nextafter(nearest, 0.0f)
                                : nearest;
  return std::bit_cast<float>(std::bit_cast<uint32_t>(toward_zero) | 1u);
}

void store_number(DType dtype, void* destination, int64_t index, Number number) {
  switch (dtype) {
  case DType::kF32:
    return store(destination, index,
                 number.integer ? static_cast<float>(number.i) : static_cast<float>(number.f));
  case DType::kF64:
    return store(destination, index, number.f);
  case DType::kI64:
    return store(destination, index, saturate<int64_t>(number));
  case DType::kI32:
    return store(destination, index, saturate<int32_t>(number));
  case DType::kI8:
    return store(destination, index, saturate<int8_t>(number));
  case DType::kU8:
    return store(destination, index, saturate<uint8_t>(number));
  case DType::kBool:
    return store(destination, index,
                 static_cast<uint8_t>(number.integer ? number.i != 0 : number.f != 0.0));
  case DType::kF16:
    return store(destination, index, f32_to_f16(to_f32_odd(number.f)));
  case DType::kBF16:
    return store(destination, index, f32_to_bf16(to_f32_odd(number.f)));
  }
}

}  // namespace

std::optional<int64_t> element_count(std::span<const int64_t> shape) {
  // A zero anywhere makes the product zero, but the others must still be sane.
  int64_t product = 1;
  bool zero = false;
  for (int64_t dim : shape) {
    if (dim < 0) return std::nullopt;
    if (dim == 0) {
      zero = true;
    } else if (__builtin_mul_overflow(product, dim, &product)) {
      return std::nullopt;
    }
  }
  return zero ? 0 : product;
}

std::optional<int64_t> byte_count(DType dtype, std::span<const int64_t> shape) {
  const std::optional<int64_t> count = element_count(shape);
  int64_t bytes = 0;
  if (!count || __builtin_mul_overflow(*count, size_of(dtype), &bytes)) return std::nullopt;
  return bytes;
}

std::string shape_text(std::span<const int64_t> shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + "]";
}

Tensor make_tensor(DType dtype, std::vector<int64_t> shape) {
  const auto bytes = static_cast<size_t>(byte_count(dtype, shape).value_or(0));
  return {dtype, std::move(shape), std::vector<uint8_t>(bytes)};
}

void convert(DType from, const void* source, DType to, void* destination, int64_t count) {
  if (from == to && from != DType::kBool) {
    if (count > 0) std::memcpy(destination, source, static_cast<size_t>(count * size_of(from)));
    return;
  }
  for (int64_t i = 0; i < count; ++i)
    store_number(to, destination, i, load_number(from, source, i));
}

Tensor converted(const Tensor& tensor, DType dtype) {
  Tensor result = make_tensor(dtype, tensor.shape);
  convert(tensor.dtype, tensor.data.data(), dtype, result.data.data(), tensor.elements());
  return result;
}

float f16_to_f32(uint16_t bits) {
  const uint32_t sign = uint32_t{bits & 0x8000u} << 16;
  const uint32_t exponent = (bits >> 10) & 31u;
  const uint32_t mantissa = bits & 0x3ffu;
  if (exponent == 31)  // infinity, NaN with its payload
    return std::bit_cast<float>(sign | 0x7f800000u | (mantissa << 13));
  if (exponent == 0) {  // zero and subnormals: mantissa · 2⁻²⁴, exact in f32
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return std::bit_cast<float>(sign | std::bit_cast<uint32_t>(magnitude));
  }
  return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));
}

float bf16_to_f32(uint16_t bits) {
  return std::bit_cast<float>(uint32_t{bits} << 16);
}

uint16_t f32_to_f16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000u);
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u)
    return static_cast<uint16_t>(sign | 0x7e00u | ((magnitude >> 13) & 0x1ffu));
  if (magnitude >= 0x477ff000u) return static_cast<uint16_t>(sign | 0x7c00u);  // ≥ 65520
  if (magnitude < 0x38800000u) {                                               // below 2⁻¹⁴
    // Adding 0.5 leaves the subnormal's digits, rounded to even, in the lowest bits.
    const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
    return static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(shifted) - 0x3f000000u));
  }
  const uint32_t rounded = magnitude + 0xfffu + ((magnitude >> 13) & 1u);
  return static_cast<uint16_t>(sign | ((rounded - 0x38000000u) >> 13));
}

uint16_t f32_to_bf16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>((bits >> 16) | 0x40u);
  return static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

}  // namespace linnet
