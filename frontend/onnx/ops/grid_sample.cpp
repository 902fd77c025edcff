// GridSample: values of a picture at computed places, each a weighted sum of elements around it.
#include "frontend/onnx/ops/onnx_ops.h"

#include <fmt/format.h>

#include <array>
#include <functional>
#include <numeric>

namespace linnet::frontend {
namespace {

namespace ops = ir::ops;
using ir::DType;
using ir::Ints;
using ir::Shape;

enum class Padding { kZeros, kBorder, kReflection };

// One spatial dimension: its elements, and between which coordinates a place lies inside.
struct Extent {
  double size = 0, low = 0, high = 0;

  Extent(int64_t elements, bool align_corners)
      : size(static_cast<double>(elements)), low(align_corners ? 0 : -0.5),
        high(align_corners ? size - 1 : size - 0.5) {}

  [[nodiscard]] Var clamped(const Var& at) const {
    return at.apply(ops::clip, {{"min", 0.0}, {"max", size - 1}});
  }
  [[nodiscard]] Var inside(const Var& at, double first, double last) const {
    return apply(ops::logical_and, apply(ops::ge, at, at.splat(first)),
                 apply(ops::le, at, at.splat(last)));
  }
  // What lies beyond an edge is mirrored there, as often as it takes.
  [[nodiscard]] Var reflected(const Var& at) const {
    const double range = high - low;
    if (range == 0) return at * 0;
    const Var below = apply(ops::lt, at, at.splat(low)), above = apply(ops::gt, at, at.splat(high));
    const Var beyond = maximum(at.splat(low) - at, at - at.splat(high));
    const Var times = (beyond / range).apply(ops::floor);
    const Var rest = beyond - times * range;
    const Var even = apply(ops::eq, times, (times / 2).apply(ops::floor) * 2);
    const Var from_low = at.splat(low) + rest, from_high = at.splat(high) - rest;
    return select(below, select(even, from_low, from_high),
                  select(above, select(even, from_high, from_low), at));
  }
  [[nodiscard]] Var padded(const Var& at, Padding padding) const {
    if (padding == Padding::kZeros) return at;
    if (padding == Padding::kReflection) return reflected(at);
    return select(inside(at, low, high), at, clamped(at));
  }
};

// One element of those around each place: where it lies along a dimension, what it counts, and
// whether it is one of the picture's.
struct Tap {
  Var position;
  std::optional<Var> weight, valid;
};

// Keys, "Cubic convolution interpolation", 1981, with -0.75: of the element before the one at
// `x` in [0, 1) before a place, of that itself, and of the two behind.
std::array<Var, 4> cubic_weights(const Var& x) {
  constexpr double a = -0.75;
  const auto near = [&](const Var& d) {
    return ((d * (a + 2) - d.splat(a + 3)) * d * d) + d.splat(1);
  };
  const auto far = [&](const Var& d) {
    return ((d * a - d.splat(5 * a)) * d + d.splat(8 * a)) * d - d.splat(4 * a);
  };
  return {far(x + x.splat(1)), near(x), near(1 - x), far(2 - x)};
}

std::vector<Tap> taps_of(const Var& at, const Extent& extent, const std::string& mode,
                         Padding padding) {
  std::vector<Tap> taps;
  if (mode == "nearest") {
    taps.push_back({at, {}, {}});
  } else {
    const Var whole = at.apply(ops::floor);
    const Var part = at - whole;
    if (mode == "linear") {
      taps.push_back({whole, 1 - part, {}});
      taps.push_back({whole + whole.splat(1), part, {}});
    } else {
      const auto weights = cubic_weights(part);
      for (size_t i = 0; i < weights.size(); ++i)
        taps.push_back({whole + whole.splat(static_cast<double>(i) - 1), weights[i], {}});
    }
  }
  for (Tap& tap : taps) {
    if (padding == Padding::kZeros) tap.valid = extent.inside(tap.position, 0, extent.size - 1);
    if (padding == Padding::kReflection) tap.position = extent.reflected(tap.position);
    tap.position = extent.clamped(tap.position);
  }
  return taps;
}

std::string mode_of(OnnxNode& node) {
  std::string mode = node.text("mode", node.opset() < 20 ? "bilinear" : "linear");
  if (mode == "bilinear") mode = "linear";
  if (mode == "bicubic") mode = "cubic";
  if (mode != "linear" && mode != "nearest" && mode != "cubic")
    node.wrong(fmt::format("mode is '{}'; linear, nearest, cubic exist", mode));
  return mode;
}

Padding padding_of(OnnxNode& node) {
  const std::string word = node.text("padding_mode", "zeros");
  if (word != "zeros" && word != "border" && word != "reflection")
    node.wrong(fmt::format("padding_mode is '{}'; zeros, border, reflection exist", word));
  return word == "zeros"    ? Padding::kZeros
         : word == "border" ? Padding::kBorder
                            : Padding::kReflection;
}

// Pictures [N,C,D1,…] as rows of their channels, one for each element.
Var rows_of(const Var& x) {
  const Shape& in = x.shape();
  Ints to_rows{0};
  for (size_t dim = 2; dim < in.size(); ++dim)
    to_rows.push_back(static_cast<int64_t>(dim));
  to_rows.push_back(1);
  return reshaped(transposed(x, to_rows), {in[0] * product(in, 2, in.size()), in[1]});
}

// GridSample-22: X [N,C,D1,…], grid [N,O1,…,d] with the coordinates of the last dimension first.
void grid_sample(OnnxNode& node) {
  const Var x = node.in(0), grid = node.in(1);
  const Shape in = x.shape(), places = grid.shape();
  const size_t rank = in.size();
  if (rank < 3 || places.size() != rank || places[0] != in[0] ||
      places.back() != static_cast<int64_t>(rank) - 2)
    node.wrong(fmt::format("X {} must be [N,C,D1,…], and the grid {} [N,O1,…,{}]", to_string(in),
                           to_string(places), rank - 2));
  const std::string mode = mode_of(node);
  const Padding padding = padding_of(node);
  const bool align_corners = node.flag("align_corners", false);
  Shape out(places.begin(), places.end() - 1);
  out.insert(out.begin() + 1, in[1]);
  if (ir::element_count(out) == 0)
    return node.give(node.literal(ir::Tensor({x.type().dtype, out, {}}, {})));
  if (x.type().elements() == 0) node.wrong(fmt::format("X {} has no elements", to_string(in)));

  Var rows = rows_of(x);
  if (mode != "nearest" && !is_float(x.type().dtype)) rows = cast_to(rows, grid.type().dtype);

  std::vector<std::vector<Tap>> taps;  // by spatial dimension
  for (size_t dim = 2; dim < rank; ++dim) {
    const Extent extent(in[dim], align_corners);
    const auto coordinate = static_cast<int64_t>(rank - 1 - dim);
    const Var given = squeezed(sliced(grid, rank - 1, coordinate, 1), rank - 1);
    Var at = align_corners ? (given + given.splat(1)) / 2 * (extent.size - 1)
                           : ((given + given.splat(1)) * extent.size - given.splat(1)) / 2;
    if (mode == "nearest") at = at.apply(ops::round);
    // A cubic looks beyond a border as PyTorch's does: its elements are padded, not its place.
    if (mode != "cubic" || padding != Padding::kBorder) at = extent.padded(at, padding);
    taps.push_back(taps_of(at, extent, mode, padding));
  }

  const DType integer = rows.shape()[0] < (int64_t{1} << 31) ? DType::kI32 : DType::kI64;
  // The weighted sum over the taps of spatial dimension `dim` and those behind it.
  const std::function<Var(size_t, const Var&, std::optional<Var>)> sampled =
      [&](size_t dim, const Var& before, const std::optional<Var>& valid) {
        if (dim == taps.size()) {
          const Var value = apply(ops::gather, rows, before);
          return valid ? select(unsqueezed(*valid, rank - 1), value, value.splat(0)) : value;
        }
        std::optional<Var> sum;
        for (const Tap& tap : taps[dim]) {
          const Var at = before * static_cast<double>(in[dim + 2]) + cast_to(tap.position, integer);
          std::optional<Var> both = tap.valid;
          if (valid && both) both = apply(ops::logical_and, *valid, *both);
          Var term = sampled(dim + 1, at, both);
          if (tap.weight)
            term = term * cast_to(unsqueezed(*tap.weight, rank - 1), term.type().dtype);
          sum = sum ? *sum + term : term;
        }
        return *sum;
      };
  const Var sample = iota(node, integer, in[0], 0, rank - 1);
  const Var y = sampled(0, sample, std::nullopt);
  Ints back{0, static_cast<int64_t>(rank) - 1};
  for (size_t dim = 1; dim + 1 < rank; ++dim)
    back.push_back(static_cast<int64_t>(dim));
  node.give(cast_to(transposed(y, back), x.type().dtype));
}

constexpr std::array kOnnxOps = std::to_array<OnnxOp>({
    {"GridSample", grid_sample},
});

}  // namespace

std::span<const OnnxOp> grid_sample_ops() {
  return kOnnxOps;
}

}  // namespace linnet::frontend
