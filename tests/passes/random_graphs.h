// Random models, the same ones every time.
#pragma once

#include "ir/builder.h"
#include "ir/module.h"

#include "base/philox.h"

#include <array>
#include <string>
#include <vector>

namespace linnet::passes {

class RandomGraphs {
public:
  explicit RandomGraphs(uint64_t seed) : seed_(seed) {}

  ir::Module make() {
    ir::Module module;
    module.name = "random";
    ir::Graph graph;
    graph.name = "predict";
    values_ = {graph.add_input("x", {ir::DType::kF32, {2, 4, 6, 6}, {}}),
               graph.add_input("z", {ir::DType::kF32, {2, 4, 6, 6}, {}})};
    ir::Builder builder = ir::Builder(graph).at(ir::Place::named("random"));
    const int steps = 4 + pick(12);
    for (int i = 0; i < steps; ++i)
      step(builder);
    graph.outputs.push_back({"y", values_.back(), ""});
    if (pick(3) == 0) graph.outputs.push_back({"also", any(), ""});
    module.graphs.push_back(std::move(graph));
    return module;
  }

private:
  int pick(int count) {
    return static_cast<int>(philox_word(seed_, 7, 0, next_++) % static_cast<uint32_t>(count));
  }
  ir::ValueId any() { return values_[static_cast<size_t>(pick(static_cast<int>(values_.size())))]; }

  ir::Tensor tensor(ir::Shape shape) {
    const ir::Type type{ir::DType::kF32, std::move(shape), {}};
    std::vector<double> values;
    for (int64_t i = 0; i < type.elements(); ++i)
      values.push_back(pick(17) / 8.0 - 1);
    return ir::Tensor::from_doubles(type, values);
  }

  // One op that fits; what does not fit is left out.
  void step(ir::Builder& b) {
    const ir::ValueId x = any();
    const ir::Shape shape = b.type(x).shape;
    ir::OpResult<std::vector<ir::ValueId>> made = ir::op_error("");
    switch (pick(12)) {
    case 0: {
      if (shape.size() != 4) return;
      const int64_t outputs = 1 + pick(9);
      const auto w = b.constant(tensor({outputs, shape[1], 3, 3}), "w", pick(4) == 0);
      made = b.try_create(ir::ops::conv2d, {x, w}, {{"padding", ir::Ints{1, 1, 1, 1}}});
      break;
    }
    case 1:
      made = b.try_create(pick(2) ? ir::ops::max_pool2d : ir::ops::avg_pool2d, {x},
                          {{"kernel_size", ir::Ints{2, 2}}});
      break;
    case 2:
      made = b.try_create(ir::ops::add, {x, any()});
      break;
    case 3: {
      if (shape.size() != 4) return;
      const auto k = b.constant(tensor({shape[1], 1, 1}), "k");
      made = b.try_create(pick(2) ? ir::ops::mul : ir::ops::add, {x, k});
      break;
    }
    case 4:
      made = b.try_create(ir::ops::flatten, {x});
      break;
    case 5: {
      if (shape.size() != 2) return;
      const auto w = b.constant(tensor({1 + pick(20), shape[1]}), "w");
      const auto t = b.create(ir::ops::transpose, {w});
      made = b.try_create(ir::ops::matmul, {x, t});
      break;
    }
    case 6:
      made = b.try_create(ir::ops::softmax, {x});
      break;
    case 7:
      made = b.try_create(ir::ops::dropout, {x});
      break;
    case 8:
      made = b.try_create(ir::ops::mean, {x}, {{"dim", ir::Ints{-1}}, {"keepdim", pick(2) == 0}});
      break;
    case 9:
      made = b.try_create(ir::ops::transpose, {x});
      break;
    default: {
      const std::array unary = {&ir::ops::relu, &ir::ops::tanh, &ir::ops::sigmoid,
                                &ir::ops::abs,  &ir::ops::neg,  &ir::ops::gelu};
      made = b.try_create(*unary[static_cast<size_t>(pick(6))], {x});
    }
    }
    if (made) values_.push_back(made->front());
  }

  uint64_t seed_;
  uint64_t next_ = 0;
  std::vector<ir::ValueId> values_;
};

}  // namespace linnet::passes
