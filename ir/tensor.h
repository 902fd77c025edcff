// A constant tensor: a type and immutable shared bytes, row-major.
#pragma once

#include "ir/type.h"

#include "support/check.h"

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

namespace linnet::ir {

class Tensor {
public:
  Tensor() = default;
  // `bytes` are row-major elements of `type` (whatever its layout), little endian;
  // bool is one byte, 0 or 1.
  Tensor(Type type, std::vector<std::byte> bytes);

  // From numbers, converted to the dtype (f16 and bf16 by rounding to nearest even).
  static Tensor from_doubles(Type type, std::span<const double> values);
  static Tensor from_ints(Type type, std::span<const int64_t> values);
  static Tensor splat(Type type, double value);

  [[nodiscard]] const Type& type() const { return type_; }
  [[nodiscard]] std::span<const std::byte> bytes() const { return *bytes_; }
  // Elements as doubles or integers; integers above 2^53 need as_ints.
  [[nodiscard]] std::vector<double> as_doubles() const;
  [[nodiscard]] std::vector<int64_t> as_ints() const;
  // All elements have the same bits (and there is at least one)?
  [[nodiscard]] bool is_splat() const;
  // Same dtype, shape and bits.
  friend bool operator==(const Tensor& a, const Tensor& b);

private:
  Type type_;
  std::shared_ptr<const std::vector<std::byte>> bytes_ =
      std::make_shared<const std::vector<std::byte>>();
};

// Conversions of storage types; to_f16 and to_bf16 round to nearest even.
[[nodiscard]] float from_f16(uint16_t bits);
[[nodiscard]] uint16_t to_f16(float value);
[[nodiscard]] float from_bf16(uint16_t bits);
[[nodiscard]] uint16_t to_bf16(float value);

}  // namespace linnet::ir
