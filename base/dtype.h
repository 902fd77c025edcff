// Element types of tensors: one enumeration for the compiler, the files it reads and the products.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace linnet {

// The numbers are those of enum linnet_dtype in base/abi/model.h, so a cast crosses the contract;
// f16 and bf16 exist in files and graphs only.
enum class DType : uint8_t {
  kF32 = 0,
  kF64 = 1,
  kI64 = 2,
  kI32 = 3,
  kI8 = 4,
  kU8 = 5,
  kBool = 6,
  kF16 = 7,
  kBF16 = 8,
};
inline constexpr int kDTypes = 9;

[[nodiscard]] std::string_view name(DType dtype);  // "f32", …, "bool"; NUL follows
[[nodiscard]] std::optional<DType> dtype_from_name(std::string_view name);
[[nodiscard]] int64_t size_of(DType dtype);  // bytes of one element

[[nodiscard]] constexpr bool is_float(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kF64 || dtype == DType::kF16 ||
         dtype == DType::kBF16;
}
// i64 i32 i8 u8; not bool.
[[nodiscard]] constexpr bool is_integer(DType dtype) {
  return dtype >= DType::kI64 && dtype <= DType::kU8;
}

// The contract's structs hold element types as eight-byte numbers.
[[nodiscard]] constexpr DType dtype_of_abi(int64_t number) {
  return static_cast<DType>(number);
}
[[nodiscard]] constexpr int64_t abi_number(DType dtype) {
  return static_cast<int64_t>(dtype);
}

}  // namespace linnet
