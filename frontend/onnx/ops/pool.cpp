// Pools in one, two and three dimensions, by the IR's two-dimensional ones: a window is the
// product of its rows, columns and depth, for maxima as for means.
#include "frontend/onnx/ops/spatial.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <numeric>

namespace linnet::frontend {
namespace {

namespace ops = ir::ops;
using ir::Ints;
using ir::Shape;

struct Pooling {
  Var x;
  Spatial window;
  bool ceil = false;
};

Pooling pooling(OnnxNode& node, const Var& x) {
  Pooling p;
  p.x = x;
  const Shape in = p.x.shape();
  if (in.size() < 3) node.wrong(fmt::format("X must be [N,C,D1,…], not {}", to_string(in)));
  p.window = spatial_of(node, node.ints("kernel_shape"), spatial_sizes(in));
  p.ceil = node.flag("ceil_mode", false);
  return p;
}

ir::Attrs attrs_of(const Spatial& s, bool ceil) {
  return {{"kernel_size", s.kernel},
          {"stride", s.stride},
          {"padding", s.padding()},
          {"dilation", s.dilation},
          {"ceil_mode", ceil}};
}

// Dimensions `first` … of the window; a missing one has size 1.
Spatial part(const Spatial& s, size_t first, size_t count) {
  Spatial result;
  const auto take = [&](const Ints& from, Ints& to, int64_t fallback) {
    if (count == 1) to.push_back(fallback);
    to.insert(to.end(), from.begin() + static_cast<std::ptrdiff_t>(first),
              from.begin() + static_cast<std::ptrdiff_t>(first + count));
  };
  take(s.kernel, result.kernel, 1);
  take(s.stride, result.stride, 1);
  take(s.dilation, result.dilation, 1);
  take(s.before, result.before, 0);
  take(s.after, result.after, 0);
  return result;
}

// The first of three dimensions, over rows: columns have a window of one.
Spatial depth_of(const Spatial& s) {
  Spatial depth = part(s, 0, 1);
  for (Ints* list : {&depth.kernel, &depth.stride, &depth.dilation, &depth.before, &depth.after})
    std::swap((*list)[0], (*list)[1]);
  return depth;
}

Var pooled(const ir::OpDef& op, const Pooling& p, const ir::Attrs& further = {}) {
  const Shape in = p.x.shape();
  const auto flat = [&](const Var& x, const Spatial& s) {
    ir::Attrs attrs = attrs_of(s, p.ceil);
    for (const auto& [name, value] : further)
      attrs.set(name, value);
    return x.apply(op, std::move(attrs));
  };
  if (p.window.rank() == 2) return flat(p.x, p.window);
  if (p.window.rank() == 1)
    return squeezed(flat(reshaped(p.x, {in[0], in[1], 1, in[2]}), part(p.window, 0, 1)), 2);
  const Var planes =
      flat(reshaped(p.x, {in[0], in[1] * in[2], in[3], in[4]}), part(p.window, 1, 2));
  const Shape plane = planes.shape();
  const Var stack =
      flat(reshaped(planes, {in[0], in[1], in[2], plane[2] * plane[3]}), depth_of(p.window));
  return reshaped(stack, {in[0], in[1], stack.shape()[2], plane[2], plane[3]});
}

// Position of each maximum in its picture [H, W]: i64 [N, C, H', W'].
Var picture_positions(OnnxNode& node, const Var& x, const Spatial& s, bool ceil,
                      bool columns_first) {
  const Var tap = cast_to(x.apply(ops::max_pool2d_index, attrs_of(s, ceil)), ir::DType::kI64);
  const Shape in = x.shape(), out = tap.shape();
  const Var width = tap.splat(static_cast<double>(s.kernel[1]));
  const Var ky = tap / width, kx = tap - ky * width;
  const auto along = [&](const Var& k, size_t i) {
    const Var at = iota(node, ir::DType::kI64, out[i + 2], i + 2, 4);
    return at * static_cast<double>(s.stride[i]) +
           (k * static_cast<double>(s.dilation[i]) - k.splat(static_cast<double>(s.before[i])));
  };
  const Var row = along(ky, 0), column = along(kx, 1);
  return columns_first ? column * static_cast<double>(in[2]) + row
                       : row * static_cast<double>(in[3]) + column;
}

// Position in X, row-major over all of it, of each maximum (MaxPool's second output); with
// storage_order 1 rows and columns change places.
Var maximum_positions(OnnxNode& node, const Pooling& p) {
  const Shape in = p.x.shape();
  const bool columns_first = node.integer("storage_order", 0) == 1 && p.window.rank() > 1;
  Var inner;
  if (p.window.rank() == 1) {
    const Var line = reshaped(p.x, {in[0], in[1], 1, in[2]});
    inner = squeezed(picture_positions(node, line, part(p.window, 0, 1), p.ceil, false), 2);
  } else if (p.window.rank() == 2) {
    inner = picture_positions(node, p.x, p.window, p.ceil, columns_first);
  } else {
    if (columns_first) node.unsupported("storage_order 1 in three dimensions is not supported");
    // Of each plane, then the plane that holds the maximum.
    const Spatial flat = part(p.window, 1, 2), deep = depth_of(p.window);
    const Var pictures = reshaped(p.x, {in[0], in[1] * in[2], in[3], in[4]});
    const Var planes = pictures.apply(ops::max_pool2d, attrs_of(flat, p.ceil));
    const Var places = picture_positions(node, pictures, flat, p.ceil, false);
    const Shape out = planes.shape(), stack{in[0], in[1], in[2], out[2] * out[3]};
    const Var wide = iota(node, ir::DType::kI64, stack[3], 3, 4);
    const Var chosen = picture_positions(node, reshaped(planes, stack), deep, p.ceil, false);
    const Var plane = (chosen - wide) / chosen.splat(static_cast<double>(stack[3]));
    const Var place = taken_along(node, reshaped(places, stack), plane, 2);
    inner = plane * static_cast<double>(in[3] * in[4]) + place;
    inner = reshaped(inner, {in[0], in[1], chosen.shape()[2], out[2], out[3]});
  }
  const size_t rank = inner.type().rank();
  const Var channel = iota(node, ir::DType::kI64, in[0], 0, rank) * static_cast<double>(in[1]) +
                      iota(node, ir::DType::kI64, in[1], 1, rank);
  return channel * static_cast<double>(product(in, 2, in.size())) + inner;
}

// MaxPool-22; small integers are exact in f32.
void max_pool(OnnxNode& node) {
  Pooling p = pooling(node, node.in(0));
  const ir::DType dtype = p.x.type().dtype;
  if (!is_float(dtype)) p.x = cast_to(p.x, ir::DType::kF32);
  node.give(0, cast_to(pooled(ops::max_pool2d, p), dtype));
  if (node.wants(1)) node.give(1, maximum_positions(node, p));
}

}  // namespace

Var average_pooled(OnnxNode& node, const Var& x) {
  const bool counts = node.flag("count_include_pad", false);
  return pooled(ops::avg_pool2d, pooling(node, x), {{"count_include_pad", counts}});
}

namespace {

void average_pool(OnnxNode& node) {
  node.give(average_pooled(node, node.in(0)));
}

// (sum of |x|^p)^(1/p) over each window (LpPool-22); padding is 0.
void lp_pool(OnnxNode& node) {
  Pooling p = pooling(node, node.in(0));
  const double power = static_cast<double>(node.integer("p", 2));
  const Var size = p.x.apply(ops::abs);
  p.x = power == 2 ? size * size : power == 1 ? size : apply(ops::pow, size, size.splat(power));
  const int64_t taps = product(p.window.kernel, 0, p.window.rank());
  // The sum is the mean times the window's size where padding counts and nothing is rounded up.
  Ints pads(2 * p.x.type().rank(), 0);
  const Shape in = p.x.shape();
  for (size_t i = 0; i < p.window.rank(); ++i) {
    const int64_t room = in[i + 2] + p.window.before[i] + p.window.after[i] - p.window.reach(i);
    pads[i + 2] = p.window.before[i];
    pads[i + 2 + in.size()] = p.window.after[i];
    // With ceil_mode one window more, if it begins before the padding behind the input.
    const int64_t stride = p.window.stride[i], missing = room % stride;
    const bool begins = (room / stride + 1) * stride < in[i + 2] + p.window.before[i];
    if (p.ceil && room >= 0 && missing != 0 && begins) pads[i + 2 + in.size()] += stride - missing;
    p.window.before[i] = p.window.after[i] = 0;
  }
  p.ceil = false;
  p.x = padded(p.x, pads);
  const Var sum =
      pooled(ops::avg_pool2d, p, {{"count_include_pad", true}}) * static_cast<double>(taps);
  node.give(power == 2 ? sqrt(sum) : power == 1 ? sum : apply(ops::pow, sum, sum.splat(1 / power)));
}

Ints spatial_dims(OnnxNode& node, const Var& x) {
  if (x.type().rank() < 3)
    node.wrong(fmt::format("X must be [N,C,D1,…], not {}", to_string(x.shape())));
  Ints dims(x.type().rank() - 2);
  std::iota(dims.begin(), dims.end(), 2);
  return dims;
}
template <const ir::OpDef& op> void global_pool(OnnxNode& node) {
  const Var x = node.in(0);
  node.give(reduced(op, x, spatial_dims(node, x), true));
}
void global_lp_pool(OnnxNode& node) {
  const Var x = node.in(0).apply(ops::abs);
  const double p = static_cast<double>(node.integer("p", 2));
  const Var powers = p == 2 ? x * x : apply(ops::pow, x, x.splat(p));
  const Var sum = reduced(ops::sum, powers, spatial_dims(node, x), true);
  node.give(p == 2 ? sqrt(sum) : apply(ops::pow, sum, sum.splat(1 / p)));
}

constexpr std::array kOnnxOps = std::to_array<OnnxOp>({
    {"AveragePool", average_pool},
    {"GlobalAveragePool", global_pool<ops::mean>},
    {"GlobalLpPool", global_lp_pool},
    {"GlobalMaxPool", global_pool<ops::amax>},
    {"LpPool", lp_pool},
    {"MaxPool", max_pool},
});

}  // namespace

std::span<const OnnxOp> pool_ops() {
  return kOnnxOps;
}

}  // namespace linnet::frontend
