// Optimisers of ai.onnx.preview.training, version 1: inputs R (learning rate), T (updates so far),
// then all X, all gradients G, and the accumulators.
#include "frontend/onnx/ops/onnx_ops.h"

#include <fmt/format.h>

#include <array>

namespace linnet::frontend {
namespace {

namespace ops = ir::ops;
using ir::DType;

// How many tensors are updated; `lists` of them follow R and T.
size_t tensors(OnnxNode& node, size_t lists) {
  const size_t rest = node.input_count() < 2 ? 0 : node.input_count() - 2;
  if (rest == 0 || rest % lists != 0)
    node.wrong(fmt::format("{} inputs after R and T; {} for each tensor", rest, lists));
  return rest / lists;
}

// The i-th tensor of a list.
Var of(OnnxNode& node, size_t list, size_t count, size_t i) {
  return node.in(2 + list * count + i);
}

// The gradient with that of the penalty norm_coefficient / 2 · |X|².
Var regularised(OnnxNode& node, const Var& x, const Var& gradient) {
  const double norm = node.number("norm_coefficient", 0);
  return norm == 0 ? gradient : x * norm + gradient;
}

// Duchi et al., 2011: X −= r · G / (√H + ε), r = R / (1 + T · decay).
void adagrad(OnnxNode& node) {
  const size_t count = tensors(node, 3);
  const Var rate = node.in(0);
  const Var decay = cast_to(node.in(1), rate.type().dtype) * node.number("decay_factor", 0);
  const Var r = rate / (decay + decay.splat(1));
  for (size_t i = 0; i < count; ++i) {
    const Var x = of(node, 0, count, i), g = regularised(node, x, of(node, 1, count, i));
    const Var squares = of(node, 2, count, i) + g * g;
    const Var step = r * g / (sqrt(squares) + x.splat(node.number("epsilon", 1e-6)));
    node.give(i, x - step);
    node.give(count + i, squares);
  }
}

// Kingma and Ba, 2014; the corrections of the averages' bias are part of the rate.
void adam(OnnxNode& node) {
  const size_t count = tensors(node, 4);
  const double alpha = node.number("alpha", 0.9), beta = node.number("beta", 0.999);
  const Var rate = node.in(0);
  const Var t = cast_to(node.in(1), DType::kF64);
  const auto rest = [&](double base) { return 1 - apply(ops::pow, t.splat(base), t); };
  const Var corrected = cast_to(rate, DType::kF64) * sqrt(rest(beta)) / rest(alpha);
  const Var r = select(apply(ops::gt, t, t.splat(0)), cast_to(corrected, rate.type().dtype), rate);
  for (size_t i = 0; i < count; ++i) {
    const Var x = of(node, 0, count, i), g = regularised(node, x, of(node, 1, count, i));
    const Var mean = of(node, 2, count, i) * alpha + g * (1 - alpha);
    const Var squares = of(node, 3, count, i) * beta + g * g * (1 - beta);
    const Var next = x - r * mean / (sqrt(squares) + x.splat(node.number("epsilon", 1e-6)));
    node.give(i, next * (1 - node.number("norm_coefficient_post", 0)));
    node.give(count + i, mean);
    node.give(2 * count + i, squares);
  }
}

// Polyak, 1964, or Nesterov's form; the first update has beta 1.
void momentum(OnnxNode& node) {
  const size_t count = tensors(node, 3);
  const double alpha = node.number("alpha", 0), beta = node.number("beta", 1);
  const bool nesterov = node.text("mode", "standard") == "nesterov";
  const Var rate = node.in(0), t = node.in(1);
  const Var factor = select(apply(ops::gt, t, t.splat(0)), rate.splat(beta), rate.splat(1));
  for (size_t i = 0; i < count; ++i) {
    const Var x = of(node, 0, count, i), g = regularised(node, x, of(node, 1, count, i));
    const Var velocity = of(node, 2, count, i) * alpha + g * factor;
    node.give(i, x - rate * (nesterov ? g + velocity * alpha : velocity));
    node.give(count + i, velocity);
  }
}

constexpr std::array kOnnxOps = std::to_array<OnnxOp>({
    {"Adagrad", adagrad},
    {"Adam", adam},
    {"Momentum", momentum},
});

}  // namespace

std::span<const OnnxOp> optimizer_ops() {
  return kOnnxOps;
}

}  // namespace linnet::frontend
