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

Pooling pooling(OnnxNode& node) {
  Pooling p;
  p.x = node.in(0);
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
  Spatial depth = part(p.window, 0, 1);  // [1, k] over columns: here over rows
  for (Ints* list : {&depth.kernel, &depth.stride, &depth.dilation, &depth.before, &depth.after})
    std::swap((*list)[0], (*list)[1]);
  const Var stack = flat(reshaped(planes, {in[0], in[1], in[2], plane[2] * plane[3]}), depth);
  return reshaped(stack, {in[0], in[1], stack.shape()[2], plane[2], plane[3]});
}

// Position in X, row-major over all of it, of each maximum (MaxPool's second output); with
// storage_order 1 the last two dimensions change places.
Var maximum_positions(OnnxNode& node, const Pooling& p) {
  const bool line = p.window.rank() == 1;
  if (p.window.rank() > 2)
    node.unsupported("Indices of a three-dimensional MaxPool are not supported");
  const Spatial s = line ? part(p.window, 0, 1) : p.window;
  const Shape in = p.x.shape();
  const Var picture = line ? reshaped(p.x, {in[0], in[1], 1, in[2]}) : p.x;
  const Shape size = picture.shape();
  const Var tap = cast_to(picture.apply(ops::max_pool2d_index, attrs_of(s, p.ceil)),
                          ir::DType::kI64);
  const Shape out = tap.shape();
  const Var width = tap.splat(static_cast<double>(s.kernel[1]));
  const Var ky = tap / width, kx = tap - ky * width;
  const auto along = [&](const Var& k, size_t dim, size_t i) {
    const Var at = iota(node, ir::DType::kI64, out[dim], dim, 4);
    return at * static_cast<double>(s.stride[i]) +
           (k * static_cast<double>(s.dilation[i]) - k.splat(static_cast<double>(s.before[i])));
  };
  const Var row = along(ky, 2, 0), column = along(kx, 3, 1);
  const bool transposed_order = node.integer("storage_order", 0) == 1 && !line;
  const Var inner = transposed_order ? column * static_cast<double>(size[2]) + row
                                     : row * static_cast<double>(size[3]) + column;
  const Var plane = iota(node, ir::DType::kI64, out[0], 0, 4) * static_cast<double>(size[1]) +
                    iota(node, ir::DType::kI64, out[1], 1, 4);
  const Var all = plane * static_cast<double>(size[2] * size[3]) + inner;
  return line ? squeezed(all, 2) : all;
}

// MaxPool-22; small integers are exact in f32.
void max_pool(OnnxNode& node) {
  Pooling p = pooling(node);
  const ir::DType dtype = p.x.type().dtype;
  if (!is_float(dtype)) p.x = cast_to(p.x, ir::DType::kF32);
  node.give(0, cast_to(pooled(ops::max_pool2d, p), dtype));
  if (node.wants(1)) node.give(1, maximum_positions(node, p));
}

void average_pool(OnnxNode& node) {
  const bool counts = node.flag("count_include_pad", false);
  node.give(pooled(ops::avg_pool2d, pooling(node), {{"count_include_pad", counts}}));
}

// (sum of |x|^p)^(1/p) over each window (LpPool-22); padding is 0.
void lp_pool(OnnxNode& node) {
  Pooling p = pooling(node);
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
    if (p.ceil && room >= 0 && missing != 0 && begins)
      pads[i + 2 + in.size()] += stride - missing;
    p.window.before[i] = p.window.after[i] = 0;
  }
  p.ceil = false;
  p.x = padded(p.x, pads);
  const Var sum =
      pooled(ops::avg_pool2d, p, {{"count_include_pad", true}}) * static_cast<double>(taps);
  node.give(power == 2   ? sqrt(sum)
            : power == 1 ? sum
                         : apply(ops::pow, sum, sum.splat(1 / power)));
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

constexpr std::array kRows = std::to_array<OnnxOp>({
    {"AveragePool", average_pool},
    {"GlobalAveragePool", global_pool<ops::mean>},
    {"GlobalLpPool", global_lp_pool},
    {"GlobalMaxPool", global_pool<ops::amax>},
    {"LpPool", lp_pool},
    {"MaxPool", max_pool},
});

}  // namespace

std::span<const OnnxOp> pool_rows() {
  return kRows;
}

}  // namespace linnet::frontend
