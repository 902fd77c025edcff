// Dense tensors in memory, as files hold them.
#pragma once

#include "base/dtype.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linnet {

// The product of `shape`, or nullopt if a dimension is negative or the product overflows.
[[nodiscard]] std::optional<int64_t> element_count(std::span<const int64_t> shape);
// element_count × size_of, with the same check.
[[nodiscard]] std::optional<int64_t> byte_count(DType dtype, std::span<const int64_t> shape);
[[nodiscard]] std::string shape_text(std::span<const int64_t> shape);  // "[1, 28, 28]"

// Dense, C order, little-endian.
struct Tensor {
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  std::vector<uint8_t> data;

  [[nodiscard]] int64_t elements() const {
    return static_cast<int64_t>(data.size()) / size_of(dtype);
  }
  // The caller has looked at dtype.
  template <class T> [[nodiscard]] std::span<T> as() {
    return {reinterpret_cast<T*>(data.data()), data.size() / sizeof(T)};
  }
  template <class T> [[nodiscard]] std::span<const T> as() const {
    return {reinterpret_cast<const T*>(data.data()), data.size() / sizeof(T)};
  }
};

// A zero-filled tensor; the caller has checked that byte_count(dtype, shape) exists.
[[nodiscard]] Tensor make_tensor(DType dtype, std::vector<int64_t> shape);

// Conversions of `count` elements between any two float or integer types: floats round to
// nearest even, floats to integers truncate and saturate (NaN gives 0), bool is 0 or 1.
// Source and destination may be unaligned and may not overlap.
void convert(DType from, const void* source, DType to, void* destination, int64_t count);
[[nodiscard]] Tensor converted(const Tensor& tensor, DType dtype);

[[nodiscard]] float f16_to_f32(uint16_t bits);
[[nodiscard]] float bf16_to_f32(uint16_t bits);
[[nodiscard]] uint16_t f32_to_f16(float value);
[[nodiscard]] uint16_t f32_to_bf16(float value);

}  // namespace linnet
