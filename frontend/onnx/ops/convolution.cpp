// Conv and ConvTranspose in one, two and three dimensions, by the IR's conv2d.
#include "frontend/onnx/ops/spatial.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace linnet::frontend {
namespace {

using ir::Ints;
using ir::Shape;

// kernel_shape, which must be the weight's.
Ints kernel_of(OnnxNode& node, const Shape& in, const Shape& weight) {
  if (in.size() < 3 || weight.size() != in.size()) {
    node.wrong(fmt::format("X {} must be [N,C,D1,…] and W {} of as many dimensions", to_string(in),
                           to_string(weight)));
  }
  const Ints kernel = spatial_sizes(weight);
  if (node.ints("kernel_shape", kernel) != kernel)
    node.wrong(fmt::format("kernel_shape differs from the weight's {}", to_string(weight)));
  return kernel;
}

int64_t groups_of(OnnxNode& node, int64_t channels) {
  const int64_t groups = node.integer("group", 1);
  if (groups < 1 || channels % groups != 0)
    node.wrong(fmt::format("group {} does not divide {} channels", groups, channels));
  return groups;
}

Var with_bias(OnnxNode& node, const Var& y, size_t operand) {
  if (!node.has(operand)) return y;
  const Var bias = node.in(operand);
  if (bias.shape() != Shape{y.shape()[1]})
    node.wrong(fmt::format("bias {} for {} channels", to_string(bias.shape()), y.shape()[1]));
  return y + by_channel(bias, y.type().rank());
}

// Conv-22
void conv(OnnxNode& node) {
  const Var x = node.in(0), weight = node.in(1);
  const Shape in = x.shape();
  const Ints kernel = kernel_of(node, in, weight.shape());
  const Spatial window = spatial_of(node, kernel, spatial_sizes(in));
  const int64_t groups = groups_of(node, in[1]);
  node.give(with_bias(node, convolved(node, x, weight, window, groups), 2));
}

// Padding from output_shape or auto_pad (ConvTranspose-22).
void place_output(OnnxNode& node, const Shape& sizes, const Ints& more, Spatial& s) {
  const std::string automatic = node.text("auto_pad", "NOTSET");
  Ints wanted = node.ints("output_shape");
  if (wanted.size() == sizes.size() + 2) wanted.erase(wanted.begin(), wanted.begin() + 2);
  const bool same = automatic.starts_with("SAME");
  if (wanted.empty() && same) {
    for (size_t i = 0; i < sizes.size(); ++i)
      wanted.push_back(sizes[i] * s.stride[i]);
  }
  if (wanted.empty()) return;
  if (wanted.size() != sizes.size())
    node.wrong(
        fmt::format("output_shape has {} numbers for {} dimensions", wanted.size(), sizes.size()));
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (wanted[i] < 1 || wanted[i] > (int64_t{1} << 40))
      node.wrong(fmt::format("output_shape {}", wanted[i]));
    const int64_t total = s.stride[i] * (sizes[i] - 1) + more[i] + s.reach(i) - wanted[i];
    // A negative total adds zeros behind.
    const int64_t half = total < 0 ? 0 : total / 2;
    s.before[i] = automatic == "SAME_UPPER" ? half : std::max<int64_t>(total, 0) - half;
    s.after[i] = total - s.before[i];
  }
}

// ConvTranspose-22: a convolution of X, its elements `stride` apart, with the weight turned around
// and its channels swapped: what the gradient of a convolution by its input is.
void conv_transpose(OnnxNode& node) {
  Var x = node.in(0);
  Var weight = node.in(1);
  const Shape in = x.shape(), w = weight.shape();
  const Ints kernel = kernel_of(node, in, w);
  const size_t rank = kernel.size();
  if (w[0] != in[1]) node.wrong(fmt::format("W has {} input channels, X {}", w[0], in[1]));
  const int64_t groups = groups_of(node, in[1]);
  Spatial s = spatial_of(node, kernel, spatial_sizes(in));
  const Ints more = node.ints("output_padding", Ints(rank, 0));
  for (size_t i = 0; i < more.size() || i < rank; ++i) {
    if (more.size() != rank || more[i] < 0 || more[i] > (int64_t{1} << 31))
      node.wrong("output_padding must be a number of zeros for each dimension");
  }
  place_output(node, spatial_sizes(in), more, s);
  Ints cut(2 * (rank + 2), 0);
  for (size_t i = 0; i < rank; ++i) {
    x = dilated(x, i + 2, s.stride[i]);
    const int64_t before = s.reach(i) - 1 - s.before[i];
    const int64_t after = s.reach(i) - 1 - s.after[i] + more[i];
    // A convolution pads, but does not cut.
    cut[i + 2] = std::min<int64_t>(before, 0);
    cut[i + 4 + rank] = std::min<int64_t>(after, 0);
    s.before[i] = std::max<int64_t>(before, 0);
    s.after[i] = std::max<int64_t>(after, 0);
    weight = sliced(weight, i + 2, kernel[i] - 1, kernel[i], -1);
    s.stride[i] = 1;
  }
  x = padded(x, cut);
  Shape apart{groups, w[0] / groups, w[1]};
  Ints order{0, 2, 1};
  Shape turned{groups * w[1], w[0] / groups};
  for (size_t i = 0; i < rank; ++i) {
    apart.push_back(kernel[i]);
    order.push_back(static_cast<int64_t>(i + 3));
    turned.push_back(kernel[i]);
  }
  weight = reshaped(transposed(reshaped(weight, apart), order), turned);
  node.give(with_bias(node, convolved(node, x, weight, s, groups), 2));
}

constexpr std::array kOnnxOps = std::to_array<OnnxOp>({
    {"Conv", conv},
    {"ConvTranspose", conv_transpose},
});

}  // namespace

std::span<const OnnxOp> convolution_ops() {
  return kOnnxOps;
}

}  // namespace linnet::frontend
