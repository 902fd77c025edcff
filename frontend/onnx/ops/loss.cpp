// NegativeLogLikelihoodLoss-22 and SoftmaxCrossEntropyLoss-13.
#include "frontend/onnx/ops/onnx_ops.h"

#include <fmt/format.h>

#include <array>
#include <numeric>

namespace linnet::frontend {
namespace {

namespace ops = ir::ops;
using ir::Ints;

// −w[target] · log p[target] for log p [N, C, …] and target [N, …], where target is ignore_index 0;
// the mean is over the weights.
Var negative_log_likelihood(OnnxNode& node, const Var& log_p) {
  const size_t rank = log_p.type().rank();
  const Var target = cast_to(node.in(1), ir::DType::kI64);
  if (rank < 2) node.wrong(fmt::format("scores must be [N,C,…], not {}", to_string(log_p.shape())));
  ir::Shape wanted = log_p.shape();
  const int64_t classes = wanted[1];
  wanted.erase(wanted.begin() + 1);
  if (target.shape() != wanted) {
    node.wrong(fmt::format("targets {} do not fit scores {}", to_string(target.shape()),
                           to_string(log_p.shape())));
  }
  const Var hit =
      apply(ops::eq, unsqueezed(target, 1), iota(node, ir::DType::kI64, classes, 1, rank));
  const auto chosen = [&](const Var& values) {
    return reduced(ops::sum, select(hit, values, log_p.splat(0)), {1}, false);
  };
  Var loss = -chosen(log_p);
  const bool weighted = node.has(2);
  const bool ignores = node.find("ignore_index") != nullptr;
  Var weight = node.literal(ir::Tensor::splat({log_p.type().dtype, wanted, {}}, 1));
  if (weighted) weight = chosen(by_channel(node.in(2), rank));
  if (ignores) {
    const Var ignored =
        apply(ops::eq, target, target.splat(static_cast<double>(node.integer("ignore_index", 0))));
    weight = select(ignored, weight.splat(0), weight);
  }
  if (weighted || ignores) loss = loss * weight;
  const std::string reduction = node.text("reduction", "mean");
  Ints all(wanted.size());
  std::iota(all.begin(), all.end(), 0);
  if (reduction == "none") return loss;
  const Var sum = reduced(ops::sum, loss, all, false);
  if (reduction == "sum") return sum;
  if (reduction != "mean")
    node.wrong(fmt::format("reduction is '{}'; none, sum and mean exist", reduction));
  return sum / reduced(ops::sum, weight, all, false);
}

void nll_loss(OnnxNode& node) {
  node.give(negative_log_likelihood(node, node.in(0)));
}

void softmax_cross_entropy(OnnxNode& node) {
  const Var log_p = node.in(0).apply(ops::log_softmax, {{"dim", int64_t{1}}});
  node.give(0, negative_log_likelihood(node, log_p));
  node.give(1, log_p);
}

constexpr std::array kOnnxOps = std::to_array<OnnxOp>({
    {"NegativeLogLikelihoodLoss", nll_loss},
    {"SoftmaxCrossEntropyLoss", softmax_cross_entropy},
});

}  // namespace

std::span<const OnnxOp> loss_ops() {
  return kOnnxOps;
}

}  // namespace linnet::frontend
