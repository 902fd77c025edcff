#include "base/io/tensor.h"

#include <bit>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace linnet {
namespace {

template <class To, class From> To convert_one(DType from, From value, DType to) {
  To result;
  convert(from, &value, to, &result, 1);
  return result;
}

TEST(Tensor, CountsAreChecked) {
  const int64_t big = int64_t{1} << 40;
  EXPECT_EQ(element_count(std::vector<int64_t>{}), 1);
  EXPECT_EQ(element_count(std::vector<int64_t>{2, 3}), 6);
  EXPECT_EQ(element_count(std::vector<int64_t>{0, 5}), 0);
  EXPECT_EQ(element_count(std::vector<int64_t>{big, big}), std::nullopt);
  EXPECT_EQ(element_count(std::vector<int64_t>{big, big, 0}), std::nullopt);
  EXPECT_EQ(element_count(std::vector<int64_t>{-1}), std::nullopt);
  EXPECT_EQ(byte_count(DType::kF64, std::vector<int64_t>{int64_t{1} << 61}), std::nullopt);
}

TEST(Tensor, NamesReadBack) {
  for (int i = 0; i < kDTypes; ++i)
    EXPECT_EQ(dtype_from_name(name(dtype_of_abi(i))), dtype_of_abi(i));
  EXPECT_EQ(dtype_from_name("float"), std::nullopt);
}

// Every f16 survives the way through f32; so does every bf16.
TEST(Tensor, HalvesRoundTrip) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const float value = f16_to_f32(half);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(f16_to_f32(f32_to_f16(value))));
    } else {
      ASSERT_EQ(f32_to_f16(value), half);
    }
    if (!std::isnan(bf16_to_f32(half))) {
      ASSERT_EQ(f32_to_bf16(bf16_to_f32(half)), half);
    }
  }
  EXPECT_EQ(f16_to_f32(0x3c00), 1.0f);
  EXPECT_EQ(f16_to_f32(0x0001), 0x1p-24f);
  EXPECT_EQ(f16_to_f32(0xfbff), -65504.0f);
}

TEST(Tensor, HalvesRoundToNearestEven) {
  EXPECT_EQ(f32_to_f16(1.0f + 0x1p-11f), 0x3c00);
  EXPECT_EQ(f32_to_f16(1.0f + 0x3p-11f), 0x3c02);
  EXPECT_EQ(f32_to_f16(1.0f + 0x1.01p-11f), 0x3c01);
  EXPECT_EQ(f32_to_f16(65519.0f), 0x7bff);
  EXPECT_EQ(f32_to_f16(65520.0f), 0x7c00);
  EXPECT_EQ(f32_to_f16(0x1p-25f), 0x0000);
  EXPECT_EQ(f32_to_f16(0x1.8p-25f), 0x0001);
  EXPECT_EQ(f32_to_bf16(1.0f + 0x1p-8f), 0x3f80);
  // Just above the tie: two roundings would give 0x3c00.
  EXPECT_EQ((convert_one<uint16_t>(DType::kF64, 1.0 + 0x1p-11 + 0x1p-40, DType::kF16)), 0x3c01);
  EXPECT_EQ((convert_one<uint16_t>(DType::kF64, 1.0 + 0x1p-11 - 0x1p-40, DType::kF16)), 0x3c00);
}

TEST(Tensor, IntegersSaturate) {
  EXPECT_EQ((convert_one<uint8_t>(DType::kF32, 300.0f, DType::kU8)), 255);
  EXPECT_EQ((convert_one<uint8_t>(DType::kF32, -1.0f, DType::kU8)), 0);
  EXPECT_EQ((convert_one<int8_t>(DType::kI64, int64_t{-200}, DType::kI8)), -128);
  EXPECT_EQ((convert_one<int64_t>(DType::kF64, 1e300, DType::kI64)),
            std::numeric_limits<int64_t>::max());
  EXPECT_EQ((convert_one<int32_t>(DType::kF32, std::nanf(""), DType::kI32)), 0);
  EXPECT_EQ((convert_one<int32_t>(DType::kF32, -2.9f, DType::kI32)), -2);
  EXPECT_EQ((convert_one<uint8_t>(DType::kU8, uint8_t{7}, DType::kBool)), 1);
  const int64_t odd = (int64_t{1} << 53) + 1;
  EXPECT_EQ((convert_one<int64_t>(DType::kI64, odd, DType::kI64)), odd);
}

TEST(Tensor, ConvertedKeepsTheShape) {
  Tensor tensor = make_tensor(DType::kF32, {2, 1});
  tensor.as<float>()[1] = 2.5f;
  const Tensor wide = converted(tensor, DType::kF64);
  EXPECT_EQ(wide.shape, tensor.shape);
  EXPECT_EQ(wide.as<double>()[1], 2.5);
  EXPECT_EQ(shape_text(wide.shape), "[2, 1]");
}

}  // namespace
}  // namespace linnet
