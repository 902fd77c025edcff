// Makes and reads constant tensors: numbers to bytes of a dtype, and back.
#include "ir/tensor.h"

#include <bit>
#include <cmath>

namespace linnet::ir {
namespace {

template <class T, class From>
void store(std::vector<std::byte>& bytes, std::span<const From> values) {
  for (size_t i = 0; i < values.size(); ++i) {
    const T value = static_cast<T>(values[i]);
    std::memcpy(bytes.data() + i * sizeof(T), &value, sizeof(T));
  }
}

template <class From> std::vector<std::byte> convert(DType dtype, std::span<const From> values) {
  std::vector<std::byte> bytes(values.size() * static_cast<size_t>(size_of(dtype)));
  auto store16 = [&](auto narrow) {
    for (size_t i = 0; i < values.size(); ++i) {
      const uint16_t half = narrow(static_cast<float>(values[i]));
      std::memcpy(bytes.data() + 2 * i, &half, 2);
    }
  };
  switch (dtype) {
  case DType::kF32:
    store<float>(bytes, values);
    break;
  case DType::kF64:
    store<double>(bytes, values);
    break;
  case DType::kF16:
    store16(to_f16);
    break;
  case DType::kBF16:
    store16(to_bf16);
    break;
  case DType::kI64:
    store<int64_t>(bytes, values);
    break;
  case DType::kI32:
    store<int32_t>(bytes, values);
    break;
  case DType::kI8:
    store<int8_t>(bytes, values);
    break;
  case DType::kU8:
    store<uint8_t>(bytes, values);
    break;
  case DType::kBool:
    for (size_t i = 0; i < values.size(); ++i)
      bytes[i] = std::byte(values[i] != 0);
    break;
  }
  return bytes;
}

template <class T, class To> std::vector<To> load(std::span<const std::byte> bytes) {
  std::vector<To> values(bytes.size() / sizeof(T));
  for (size_t i = 0; i < values.size(); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    values[i] = static_cast<To>(value);
  }
  return values;
}

template <class To> std::vector<To> load_as(DType dtype, std::span<const std::byte> bytes) {
  auto load16 = [&](auto widen) {
    std::vector<To> values(bytes.size() / 2);
    for (size_t i = 0; i < values.size(); ++i) {
      uint16_t half;
      std::memcpy(&half, bytes.data() + 2 * i, 2);
      values[i] = static_cast<To>(widen(half));
    }
    return values;
  };
  switch (dtype) {
  case DType::kF32:
    return load<float, To>(bytes);
  case DType::kF64:
    return load<double, To>(bytes);
  case DType::kF16:
    return load16(from_f16);
  case DType::kBF16:
    return load16(from_bf16);
  case DType::kI64:
    return load<int64_t, To>(bytes);
  case DType::kI32:
    return load<int32_t, To>(bytes);
  case DType::kI8:
    return load<int8_t, To>(bytes);
  case DType::kU8:
    return load<uint8_t, To>(bytes);
  case DType::kBool:
    return load<uint8_t, To>(bytes);
  }
  LINNET_CHECK(false, "unknown dtype");
}

}  // namespace

Tensor::Tensor(Type type, std::vector<std::byte> bytes)
    : type_(std::move(type)),
      bytes_(std::make_shared<const std::vector<std::byte>>(std::move(bytes))) {
  LINNET_CHECK(static_cast<int64_t>(bytes_->size()) == type_.elements() * size_of(type_.dtype),
               "bytes do not fit the type " + to_string(type_));
}

Tensor Tensor::from_doubles(Type type, std::span<const double> values) {
  std::vector<std::byte> bytes = convert<double>(type.dtype, values);
  return {std::move(type), std::move(bytes)};
}

Tensor Tensor::from_ints(Type type, std::span<const int64_t> values) {
  std::vector<std::byte> bytes = convert<int64_t>(type.dtype, values);
  return {std::move(type), std::move(bytes)};
}

Tensor Tensor::splat(Type type, double value) {
  const std::vector<double> values(static_cast<size_t>(type.elements()), value);
  return from_doubles(std::move(type), values);
}

std::vector<double> Tensor::as_doubles() const {
  return load_as<double>(type_.dtype, bytes());
}

std::vector<int64_t> Tensor::as_ints() const {
  return load_as<int64_t>(type_.dtype, bytes());
}

bool Tensor::is_splat() const {
  const size_t size = static_cast<size_t>(size_of(type_.dtype));
  if (bytes_->empty()) return false;
  for (size_t i = size; i < bytes_->size(); i += size) {
    if (std::memcmp(bytes_->data(), bytes_->data() + i, size) != 0) return false;
  }
  return true;
}

bool operator==(const Tensor& a, const Tensor& b) {
  return a.type_.same_logical(b.type_) && *a.bytes_ == *b.bytes_;
}

float from_bf16(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

uint16_t to_bf16(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value)) return static_cast<uint16_t>((bits >> 16) | 0x40);
  bits += 0x7fff + ((bits >> 16) & 1);
  return static_cast<uint16_t>(bits >> 16);
}

float from_f16(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16;
  const uint32_t exponent = (bits >> 10) & 0x1f;
  const uint32_t fraction = bits & 0x3ff;
  if (exponent == 0x1f) return std::bit_cast<float>(sign | 0x7f800000 | (fraction << 13));
  if (exponent != 0)
    return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
  const float magnitude = std::ldexp(static_cast<float>(fraction), -24);
  return sign ? -magnitude : magnitude;
}

uint16_t to_f16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint16_t sign = static_cast<uint16_t>((bits >> 16) & 0x8000);
  const float magnitude = std::fabs(value);
  if (std::isnan(value)) return static_cast<uint16_t>(sign | 0x7e00);
  if (magnitude >= 65520.0f) return static_cast<uint16_t>(sign | 0x7c00);
  if (magnitude < std::ldexp(1.0f, -14)) {
    // Subnormal: a multiple of 2^-24, rounded by the current (nearest-even) mode.
    return static_cast<uint16_t>(sign |
                                 static_cast<uint16_t>(std::nearbyint(std::ldexp(magnitude, 24))));
  }
  uint32_t rounded = std::bit_cast<uint32_t>(magnitude);
  rounded += 0xfff + ((rounded >> 13) & 1);
  return static_cast<uint16_t>(sign | ((rounded - (112u << 23)) >> 13));
}

}  // namespace linnet::ir
