// Normalisations, softmax and dropout.
#include "frontend/onnx/ops/onnx_ops.h"

#include <fmt/format.h>

#include <array>
#include <numeric>

namespace linnet::frontend {
namespace {

namespace ops = ir::ops;
using ir::Ints;
using ir::Shape;

Ints dims_from(size_t first, size_t end) {
  Ints dims;
  for (size_t dim = first; dim < end; ++dim)
    dims.push_back(static_cast<int64_t>(dim));
  return dims;
}

struct Moments {
  Var mean, centred, inverse;  // dimensions kept; inverse = 1 / sqrt(variance + eps)
};
Moments moments(const Var& x, const Ints& dims, double eps) {
  Moments m;
  m.mean = reduced(ops::mean, x, dims, true);
  m.centred = x - m.mean;
  const Var variance = reduced(ops::mean, m.centred * m.centred, dims, true);
  m.inverse = x.splat(1) / sqrt(variance + x.splat(eps));
  return m;
}

// BatchNormalization-15. With training_mode the batch's own statistics, and the running ones moved:
// running · momentum + batch · (1 − momentum).
void batch_norm(OnnxNode& node) {
  const Var x = node.in(0);
  const size_t rank = x.type().rank();
  const double eps = node.number("epsilon", 1e-5), momentum = node.number("momentum", 0.9);
  if (node.opset() < 9 && node.integer("spatial", 1) == 0)
    node.unsupported("statistics for every element (spatial = 0) are not supported");
  if (rank < 2) node.wrong(fmt::format("X must be [N,C,…], not {}", to_string(x.shape())));
  const Var scale = node.in(1), bias = node.in(2);
  const Var mean = node.in(3, InitializerUse::kBuffer), var = node.in(4, InitializerUse::kBuffer);
  if (!node.flag("training_mode", false)) {
    ir::Builder& b = node.builder();
    node.give(
        node.var(b.create(ops::batch_norm, {x.id(), scale.id(), bias.id(), mean.id(), var.id()},
                          {{"eps", eps}, {"momentum", 1 - momentum}})));
    return;
  }
  Ints dims = dims_from(1, rank);
  dims[0] = 0;
  const Moments m = moments(x, dims, eps);
  node.give(0, m.centred * m.inverse * by_channel(scale, rank) + by_channel(bias, rank));
  const Var batch_var = reduced(ops::mean, m.centred * m.centred, dims, false);
  const Var batch_mean = reshaped(m.mean, batch_var.shape());
  node.give(1, mean * momentum + batch_mean * (1 - momentum));
  node.give(2, var * momentum + batch_var * (1 - momentum));
}

// InstanceNormalization-22: each channel of each sample by its own moments.
void instance_norm(OnnxNode& node) {
  const Var x = node.in(0);
  const size_t rank = x.type().rank();
  if (rank < 3)
    node.wrong(fmt::format("the input must be [N,C,D1,…], not {}", to_string(x.shape())));
  const Moments m = moments(x, dims_from(2, rank), node.number("epsilon", 1e-5));
  node.give(m.centred * m.inverse * by_channel(node.in(1), rank) + by_channel(node.in(2), rank));
}

// LayerNormalization-17: by the moments over the dimensions from `axis` on.
void layer_norm(OnnxNode& node) {
  const Var x = node.in(0);
  const size_t rank = x.type().rank();
  const size_t axis = node.axis(node.integer("axis", -1), rank);
  const Moments m = moments(x, dims_from(axis, rank), node.number("epsilon", 1e-5));
  Var y = m.centred * m.inverse * node.in(1);
  if (node.has(2)) y = y + node.in(2);
  if (y.shape() != x.shape()) node.wrong("Scale and B must broadcast to X");
  node.give(0, y);
  node.give(1, m.mean);
  node.give(2, m.inverse);
}

// RMSNormalization-23: without the mean.
void rms_norm(OnnxNode& node) {
  const Var x = node.in(0);
  const size_t rank = x.type().rank();
  const Ints dims = dims_from(node.axis(node.integer("axis", -1), rank), rank);
  const Var squares = reduced(ops::mean, x * x, dims, true);
  const Var inverse = x.splat(1) / sqrt(squares + x.splat(node.number("epsilon", 1e-5)));
  node.give(x * inverse * node.in(1));
}

// GroupNormalization-21; before, scale and bias were one number for each group.
void group_norm(OnnxNode& node) {
  const Var x = node.in(0);
  const Shape s = x.shape();
  const int64_t groups = node.integer("num_groups", 1);
  if (s.size() < 3 || groups < 1 || s[1] % groups != 0)
    node.wrong(fmt::format("{} groups of the channels of {}", groups, to_string(s)));
  const Var apart = reshaped(x, {s[0], groups, s[1] / groups * product(s, 2, s.size())});
  const Moments m = moments(apart, {2}, node.number("epsilon", 1e-5));
  const Var normal = m.centred * m.inverse;
  const Var scale = node.in(1), bias = node.in(2);
  const bool by_group = node.opset() < 21;
  const Shape wanted{by_group ? groups : s[1]};
  if (scale.shape() != wanted || bias.shape() != wanted)
    node.wrong(fmt::format("scale and bias must be {}, not {} and {}", to_string(wanted),
                           to_string(scale.shape()), to_string(bias.shape())));
  if (by_group) return node.give(reshaped(normal * by_channel(scale, 3) + by_channel(bias, 3), s));
  node.give(reshaped(normal, s) * by_channel(scale, s.size()) + by_channel(bias, s.size()));
}

// LRN-13: x / (bias + alpha / size · (sum of squares of the channels around))^beta
void lrn(OnnxNode& node) {
  const Var x = node.in(0);
  const Shape s = x.shape();
  const int64_t size = node.integer("size", 1);
  if (s.size() < 3 || size < 1 || size > (int64_t{1} << 16))
    node.wrong(fmt::format("a window of {} over the channels of {}", size, to_string(s)));
  const double alpha = node.number("alpha", 1e-4), beta = node.number("beta", 0.75);
  const int64_t before = (size - 1) / 2;
  // A mean over the window that counts padding, times its size.
  const Var rows = reshaped(x * x, {s[0], 1, s[1], product(s, 2, s.size())});
  const Ints pads{0, 0, before, 0, 0, 0, size - 1 - before, 0};
  const Var mean =
      padded(rows, pads)
          .apply(ops::avg_pool2d, {{"kernel_size", Ints{size, 1}}, {"stride", Ints{1, 1}}});
  const Var base = reshaped(mean, s) * alpha + x.splat(node.number("bias", 1));
  if (beta == 0.75) {
    const Var root = sqrt(base);
    return node.give(x / (root * sqrt(root)));
  }
  node.give(x / apply(ops::pow, base, base.splat(beta)));
}

void lp_normalization(OnnxNode& node) {
  const Var x = node.in(0);
  const Ints dim{static_cast<int64_t>(node.axis(node.integer("axis", -1), x.type().rank()))};
  const bool squares = node.integer("p", 2) == 2;
  const Var sum = reduced(ops::sum, squares ? x * x : x.apply(ops::abs), dim, true);
  const Var norm = squares ? sqrt(sum) : sum;
  // What has no length stays 0.
  const Var none = apply(ops::eq, norm, norm.splat(0));
  node.give(x / select(none, norm.splat(1), norm));
}

// Softmax-13 along one axis; before, over all dimensions from `axis` on.
template <const ir::OpDef& op> void softmax(OnnxNode& node) {
  const Var x = node.in(0);
  const Shape s = x.shape();
  if (s.empty()) return node.give(reshaped(reshaped(x, {1}).apply(op, {{"dim", int64_t{0}}}), {}));
  if (node.opset() >= 13) {
    const size_t dim = node.axis(node.integer("axis", -1), s.size());
    return node.give(x.apply(op, {{"dim", static_cast<int64_t>(dim)}}));
  }
  const size_t axis = node.axis(node.integer("axis", 1), s.size());
  const Var rows = reshaped(x, {product(s, 0, axis), product(s, axis, s.size())});
  node.give(reshaped(rows.apply(op, {{"dim", int64_t{1}}}), s));
}

// Dropout-13: at inference the input, and a mask that keeps everything. How a model is trained is
// said by linnet's train block, so the op stays for it.
void dropout(OnnxNode& node) {
  const Var x = node.in(0);
  // A ratio that only a run knows is of no matter at inference.
  double ratio = node.number("ratio", 0.5);
  if (const auto given = node.known(1)) {
    if (given->type().elements() != 1) node.wrong("ratio must be one number");
    ratio = given->as_doubles().front();
  }
  const auto training = node.known(2);
  const bool draws = node.has(2) && (!training || node.number(2, "training_mode") != 0);
  if (draws && node.has(1) && !node.known(1)) ratio = node.number(1, "ratio");
  if (draws && ratio != 0) {
    node.graph().warn("this Dropout was exported in training mode: linnet drops while it trains, "
                      "and nothing in a run",
                      "export the model in evaluation mode if that is meant");
  }
  if (!(ratio >= 0 && ratio <= 1)) node.wrong(fmt::format("ratio {} is not in [0, 1]", ratio));
  // Nothing trains through what drops everything.
  if (ratio == 1) node.give(0, x);
  if (ratio < 1)
    node.give(0, x.apply(ops::dropout, {{"p", ratio}, {"stream", node.graph().next_stream()}}));
  if (node.wants(1)) {
    const ir::Type mask{ir::DType::kBool, x.shape(), {}};
    // Before version 10 the mask had the input's type.
    const ir::Type old{x.type().dtype, x.shape(), {}};
    node.give(1, node.literal(ir::Tensor::splat(node.opset() < 10 ? old : mask, 1)));
  }
}

constexpr std::array kOnnxOps = std::to_array<OnnxOp>({
    {"BatchNormalization", batch_norm},
    {"Dropout", dropout},
    {"GroupNormalization", group_norm},
    {"InstanceNormalization", instance_norm},
    {"LRN", lrn},
    {"LayerNormalization", layer_norm},
    {"LogSoftmax", softmax<ops::log_softmax>},
    {"LpNormalization", lp_normalization},
    {"RMSNormalization", rms_norm},
    {"Softmax", softmax<ops::softmax>},
});

}  // namespace

std::span<const OnnxOp> normalization_ops() {
  return kOnnxOps;
}

}  // namespace linnet::frontend
