#include "ir/builder.h"
#include "ir/evaluate.h"
#include "ir/verify.h"

#include <gtest/gtest.h>

namespace linnet::ir {
namespace {

// relu(conv2d(x, w) + b) on one 3×3 channel.
Module edge_model() {
  Module module;
  module.name = "edge";
  Graph graph;
  graph.name = "predict";
  const ValueId x = graph.add_input("x", {DType::kF32, {1, 1, 3, 3}, {}});
  Builder builder = Builder(graph).at(Place::named("test"));
  const double weights[] = {0, 1, 2, 3};
  const ValueId w =
      builder.constant(Tensor::from_doubles({DType::kF32, {1, 1, 2, 2}, {}}, weights));
  const ValueId b = builder.constant(Tensor::splat({DType::kF32, {1, 1, 1}, {}}, -30));
  const ValueId y = builder.create(
      ops::relu, {builder.create(ops::add, {builder.create(ops::conv2d, {x, w}), b})});
  graph.outputs.push_back({"y", y, ""});
  module.graphs.push_back(std::move(graph));
  return module;
}

template <class T> std::vector<T> run(const Module& module) {
  Array<T> x;
  x.type = {DType::kF32, {1, 1, 3, 3}, {}};
  for (int i = 0; i < 9; ++i)
    x.values.push_back(T(i));
  return evaluate<T>(module, module.graphs.front(), std::vector{x}).front().values;
}

TEST(Evaluate, ConvolutionBiasRelu) {
  const Module module = edge_model();
  ASSERT_EQ(verify(module).value_or(""), "");
  EXPECT_EQ(run<float>(module), (std::vector<float>{0, 0, 7, 13}));
  EXPECT_EQ(run<double>(module), (std::vector<double>{0, 0, 7, 13}));
}

TEST(Evaluate, BoundCarriesTheSumOfMagnitudes) {
  const std::vector<Bounded> y = run<Bounded>(edge_model());
  EXPECT_EQ(y[3].value, 13);
  EXPECT_EQ(y[3].magnitude, 43 + 30);
}

}  // namespace
}  // namespace linnet::ir
