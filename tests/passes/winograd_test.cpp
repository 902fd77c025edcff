// The family winograd: what it costs in exactness, and what decides against it.
#include "base/winograd.h"
#include "ir/builder.h"
#include "ir/op_def.h"
#include "ir/read.h"
#include "passes/run/run_pipeline.h"
#include "passes/schedule/winograd_error.h"
#include "support/check.h"

#include "base/philox.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace linnet::passes {
namespace {

ir::Tensor weights(int64_t outputs, int64_t inputs) {
  const ir::Type type{ir::DType::kF32, {outputs, inputs, 3, 3}, {}};
  std::vector<double> values(static_cast<size_t>(type.elements()));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = 2 * philox_uniform_f64(1, 0, 0, i) - 1;
  return ir::Tensor::from_doubles(type, values);
}

// Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A is the convolution, exactly but for f64's roundings.
template <int kTile> void expect_convolution() {
  using M = WinogradMatrices<kTile>;
  constexpr int kSide = kTile + 2;
  std::array<double, 9> taps{};
  std::array<double, static_cast<size_t>(kSide * kSide)> pixels{};
  for (size_t i = 0; i < taps.size(); ++i)
    taps[i] = 2 * philox_uniform_f64(2, 0, 0, i) - 1;
  for (size_t i = 0; i < pixels.size(); ++i)
    pixels[i] = 2 * philox_uniform_f64(3, 0, 0, i) - 1;
  auto points = both_sides<kSide, kSide, double>(M::kInput, pixels);
  const auto weight = winograd_weight<kTile>(taps);
  for (size_t p = 0; p < points.size(); ++p)
    points[p] *= weight[p];
  const auto result = both_sides<kTile, kSide, double>(M::kOutput, points);
  for (int y = 0; y < kTile; ++y) {
    for (int x = 0; x < kTile; ++x) {
      double sum = 0;
      for (int k = 0; k < 9; ++k)
        sum += taps[static_cast<size_t>(k)] *
               pixels[static_cast<size_t>((y + k / 3) * kSide + x + k % 3)];
      EXPECT_NEAR(result[static_cast<size_t>(y * kTile + x)], sum, 1e-13);
    }
  }
}

TEST(Winograd, MatricesMakeTheConvolution) {
  expect_convolution<2>();
  expect_convolution<4>();
}

TEST(Winograd, ProbeMeasuresRoundingsAndIsRepeatable) {
  const ir::Tensor tensor = weights(32, 64);
  const double small = winograd_error(tensor, 2), large = winograd_error(tensor, 4);
  EXPECT_GT(small, 1e-8);
  EXPECT_LT(small, 2e-6);
  EXPECT_GT(large, small);
  EXPECT_LT(large, 2e-5);
  EXPECT_EQ(large, winograd_error(tensor, 4));
  const ir::Type type = tensor.type();
  EXPECT_EQ(winograd_error(ir::Tensor::splat(type, 0), 4), 0);
}

// Schedules of a convolution with 64 channels, and what is said of it.
struct Chosen {
  std::string schedule, remarks;
};

Chosen chosen(const FamilyOptions& families, bool constant = true) {
  ir::Graph graph;
  graph.name = "predict";
  ir::Builder builder = ir::Builder(graph).at(ir::Place::named("test"));
  const ir::ValueId x = graph.add_input("x", {ir::DType::kF32, {1, 64, 28, 28}, {}});
  const ir::Tensor tensor = weights(64, 64);
  const ir::ValueId w =
      constant ? builder.constant(tensor, "w") : graph.add_input("w", tensor.type());
  const ir::ValueId y =
      builder.create(ir::ops::conv2d, {x, w}, {{"padding", ir::Ints{1, 1, 1, 1}}});
  graph.outputs.push_back({"y", y, ""});
  ir::Module module;
  module.name = "m";
  module.graphs.push_back(graph);
  PassContext context;
  context.target = {"x86-64-v4", 64, 32, true, 32 << 10, 1 << 20};
  context.families = families;
  Chosen result;
  context.explain = [&](const Remark& remark) { result.remarks += remark.message + "\n"; };
  PipelineOptions options;
  options.stop_after = "choose_schedules";
  module = run_pipeline(std::move(module), pipeline(), options, context).module;
  for (const ir::Node& node : module.graphs.front().nodes()) {
    if (node.schedule && node.regions.front().nodes().front().op->has(ir::kAnchor))
      result.schedule = to_string(*node.schedule);
  }
  return result;
}

TEST(Winograd, IsTakenWithTheErrorThatItHas) {
  const Chosen taken = chosen({});
  EXPECT_THAT(taken.schedule, testing::StartsWith("winograd{tile=4"));
  EXPECT_THAT(taken.remarks,
              testing::ContainsRegex("error [1-9].*e-0[67] of the largest magnitude"));
}

TEST(Winograd, IsLeftWhereItsErrorIsAboveTheBound) {
  FamilyOptions exact;
  exact.max_error = 1e-9;
  const Chosen refused = chosen(exact);
  EXPECT_THAT(refused.schedule, testing::StartsWith("direct"));
  EXPECT_THAT(refused.remarks, testing::HasSubstr("above --max-error 1e-09"));
}

TEST(Winograd, IsLeftWhereItIsDisabled) {
  FamilyOptions without;
  without.disabled = {"winograd"};
  const Chosen refused = chosen(without);
  EXPECT_THAT(refused.schedule, testing::StartsWith("direct"));
  EXPECT_THAT(refused.remarks, testing::HasSubstr("by winograd: it is disabled"));
}

TEST(Winograd, IsLeftWhereTheWeightIsNoConstant) {
  const Chosen refused = chosen({}, false);
  EXPECT_THAT(refused.schedule, testing::StartsWith("direct"));
  EXPECT_THAT(refused.remarks, testing::HasSubstr("known at run time only"));
}

}  // namespace
}  // namespace linnet::passes
