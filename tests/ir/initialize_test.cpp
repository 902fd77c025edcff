// Initial values: bounds, moments, the same bits for the same seed, f64 beginning as f32.
#include "ir/initialize.h"

#include "base/initialize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace linnet::ir {
namespace {

Slot slot(const std::string& kind, Attrs attrs, Shape shape, DType dtype = DType::kF32) {
  Slot slot;
  slot.path = "w";
  slot.type = {dtype, std::move(shape), {}};
  slot.initializer = {kind, std::move(attrs)};
  return slot;
}

std::vector<double> values(const Slot& slot, uint64_t seed = 0, uint32_t stream = 0) {
  return initial_value(slot, seed, stream).as_doubles();
}

Fans fans_of(const Shape& shape) {
  return fans(shape);
}

TEST(Initialize, ConstantsFill) {
  EXPECT_EQ(values(slot("zeros", {}, {2})), (std::vector<double>{0, 0}));
  EXPECT_EQ(values(slot("ones", {}, {2})), (std::vector<double>{1, 1}));
  EXPECT_EQ(values(slot("constant", {{"value", 0.25}}, {2})), (std::vector<double>{0.25, 0.25}));
  EXPECT_TRUE(values(slot("uniform", {}, {0, 3})).empty());
}

TEST(Initialize, FansAreThoseOfPyTorch) {
  EXPECT_EQ(fans_of({16, 6, 5, 5}).in, 150);
  EXPECT_EQ(fans_of({16, 6, 5, 5}).out, 400);
  EXPECT_EQ(fans_of({120, 400}).in, 400);
  EXPECT_EQ(fans_of({120, 400}).out, 120);
  EXPECT_EQ(fans_of({7}).in, 7);
  EXPECT_EQ(fans_of({}).in, 1);
}

// The bound of linear's weight in PyTorch: a = √5 gives 1/√fan_in.
TEST(Initialize, UniformBoundsAreMetAndFilled) {
  const auto drawn = values(slot("kaiming_uniform", {{"a", std::sqrt(5.0)}}, {64, 100}));
  const auto [low, high] = std::ranges::minmax(drawn);
  EXPECT_GE(low, -0.1);
  EXPECT_LT(high, 0.1);
  EXPECT_LT(low, -0.099);
  EXPECT_GT(high, 0.099);
  const auto glorot = values(slot("glorot_uniform", {}, {30, 70}));
  EXPECT_LE(std::ranges::max(glorot), std::sqrt(6.0 / 100));
  EXPECT_GT(std::ranges::max(glorot), 0.99 * std::sqrt(6.0 / 100));
}

TEST(Initialize, NormalHasItsMoments) {
  const auto drawn = values(slot("normal", {{"mean", 3.0}, {"std", 0.5}}, {100, 1000}));
  double mean = 0;
  double square = 0;
  for (double v : drawn)
    mean += v / static_cast<double>(drawn.size());
  for (double v : drawn)
    square += (v - mean) * (v - mean) / static_cast<double>(drawn.size());
  EXPECT_NEAR(mean, 3, 0.01);  // six standard errors of 100 000 draws
  EXPECT_NEAR(std::sqrt(square), 0.5, 0.01);
  EXPECT_GT(std::ranges::max(drawn), 3 + 3.5 * 0.5);  // tails exist
}

TEST(Initialize, SeedAndStreamDecide) {
  const Slot s = slot("uniform", {}, {16});
  EXPECT_EQ(values(s, 1, 2), values(s, 1, 2));
  EXPECT_NE(values(s, 1, 2), values(s, 2, 2));
  EXPECT_NE(values(s, 1, 2), values(s, 1, 3));
}

TEST(Initialize, F64BeginsAsF32) {
  const auto narrow = values(slot("normal", {}, {64}));
  const auto wide = values(slot("normal", {}, {64}, DType::kF64));
  for (size_t i = 0; i < narrow.size(); ++i)
    EXPECT_EQ(narrow[i], static_cast<double>(static_cast<float>(wide[i])));
}

TEST(Initialize, GivenFansStandForTheShapes) {
  const auto drawn =
      values(slot("kaiming_uniform", {{"a", std::sqrt(5.0)}, {"fan_in", 4.0}}, {500}));
  EXPECT_GT(std::ranges::max(drawn), 0.49);
  EXPECT_LT(std::ranges::max(drawn), 0.5);
}

TEST(Initialize, AGivenValueWins) {
  Slot s = slot("ones", {}, {1});
  s.value = Tensor::splat(s.type, 7);
  EXPECT_EQ(values(s), std::vector<double>{7});
}

// The middle of a normal, cut at a and b: symmetric, and narrower than the whole.
TEST(Initialize, TruncatedNormalStaysWithin) {
  const auto v = values(slot("truncated_normal", {{"std", 1.0}, {"a", -1.0}, {"b", 1.0}}, {20000}));
  double sum = 0, square = 0;
  for (double x : v) {
    EXPECT_LE(std::fabs(x), 1);
    sum += x;
    square += x * x;
  }
  EXPECT_NEAR(sum / 20000, 0, 4 * 0.54 / std::sqrt(20000.0));
  EXPECT_NEAR(square / 20000, 0.2911, 0.01);  // 1 − 2 φ(1) / (2 Φ(1) − 1)
}

TEST(Initialize, TruncatedNormalIsTheQuantile) {
  const Slot whole = slot("truncated_normal", {{"a", -40.0}, {"b", 40.0}}, {1000}, DType::kF64);
  const Slot flat = slot("uniform", {}, {1000}, DType::kF64);
  const auto x = values(whole), u = values(flat);
  for (size_t i = 0; i < x.size(); ++i)
    EXPECT_NEAR(std::erfc(-x[i] / std::sqrt(2.0)) / 2, u[i], 1e-14) << x[i];
}

TEST(Initialize, OrthogonalHasOrthonormalRowsOrColumns) {
  for (const Shape& shape : {Shape{5, 5}, Shape{7, 3}, Shape{3, 2, 2, 2}, Shape{1, 4}}) {
    const auto v = values(slot("orthogonal", {{"gain", 2.0}}, shape, DType::kF64), 3);
    const size_t rows = static_cast<size_t>(shape[0]), columns = v.size() / rows;
    const bool wide = rows < columns;
    const size_t count = wide ? rows : columns, length = wide ? columns : rows;
    const auto at = [&](size_t vector, size_t i) {
      return wide ? v[vector * columns + i] : v[i * columns + vector];
    };
    for (size_t a = 0; a < count; ++a) {
      for (size_t b = 0; b < count; ++b) {
        double dot = 0;
        for (size_t i = 0; i < length; ++i)
          dot += at(a, i) * at(b, i);
        EXPECT_NEAR(dot, a == b ? 4 : 0, 1e-12);
      }
    }
  }
}

}  // namespace
}  // namespace linnet::ir
