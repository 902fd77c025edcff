// Resize and Upsample: one dimension after the other, each output a weighted sum of a few elements
// at positions that are known at import.
#include "frontend/onnx/ops/onnx_ops.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <numeric>
#include <optional>

namespace linnet::frontend {
namespace {

namespace ops = ir::ops;
using ir::Ints;

struct Settings {
  std::string mode, coordinates, nearest;
  double cubic_a = -0.75, outside_value = 0;
  bool antialias = false, exclude_outside = false;
};

// One dimension: what it is resized to.
struct Axis {
  size_t dim = 0;
  int64_t input = 0, output = 0;
  double scale = 1;
  double roi_start = 0, roi_end = 1;
};

// Where output x lies among the inputs (Resize-19, coordinate_transformation_mode).
double position(const Settings& s, const Axis& a, double x) {
  const double in = static_cast<double>(a.input);
  const double out = a.scale * in;
  if (s.coordinates == "align_corners") return out == 1 ? 0 : x * (in - 1) / (out - 1);
  if (s.coordinates == "asymmetric") return x / a.scale;
  if (s.coordinates == "tf_crop_and_resize") {
    const double range = (a.roi_end - a.roi_start) * (in - 1);
    return a.roi_start * (in - 1) + (out == 1 ? range / 2 : x * range / (out - 1));
  }
  if (s.coordinates == "tf_half_pixel_for_nn") return (x + 0.5) / a.scale;
  const double half = (x + 0.5) / a.scale - 0.5;
  if (s.coordinates == "pytorch_half_pixel") return a.output == 1 ? 0 : half;
  if (s.coordinates == "half_pixel_symmetric")
    return in / 2 * (1 - static_cast<double>(a.output) / out) + half;
  return half;
}

// Keys, "Cubic convolution interpolation", 1981.
double cubic(double x, double a) {
  x = std::fabs(x);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return 0;
}

// Weights of the taps around a position that lies `ratio` in (0, 1] after the tap in the middle,
// and the distance of the first tap from that one. With antialias a smaller picture has wider
// windows.
std::vector<double> weights(const Settings& s, const Axis& a, double ratio) {
  if (s.mode == "nearest") {
    if (ratio == 1) return {0, 1};
    const bool up = s.nearest == "ceil"                ? true
                    : s.nearest == "floor"             ? false
                    : s.nearest == "round_prefer_ceil" ? ratio >= 0.5
                                                       : ratio > 0.5;
    return up ? std::vector<double>{0, 1} : std::vector<double>{1, 0};
  }
  const double scale = s.antialias ? std::min(a.scale, 1.0) : 1.0;
  const double reach = s.mode == "linear" ? 1 : 2;
  const int first = static_cast<int>(std::floor(-reach / scale)) + 1;
  std::vector<double> result;
  for (int tap = first; tap < 2 - first; ++tap) {
    const double x = scale * (tap - ratio);
    result.push_back(s.mode == "linear" ? std::max(0.0, 1 - std::fabs(x)) : cubic(x, s.cubic_a));
  }
  if (s.antialias) {
    const double sum = std::accumulate(result.begin(), result.end(), 0.0);
    for (double& weight : result)
      weight /= sum;
  }
  return result;
}

// For every output its taps' positions and weights; tap t of all outputs side by side.
struct Taps {
  std::vector<Ints> positions;
  std::vector<std::vector<double>> weights;
  std::vector<bool> inside;  // by output: not extrapolated
};

Taps taps_of(const Settings& s, const Axis& a) {
  Taps taps;
  for (int64_t x = 0; x < a.output; ++x) {
    const double at = position(s, a, static_cast<double>(x));
    const double last = static_cast<double>(a.input - 1);
    taps.inside.push_back(s.coordinates != "tf_crop_and_resize" || (at >= 0 && at <= last));
    const double whole = std::ceil(at);
    const double ratio = at == whole ? 1 : at - std::floor(at);
    std::vector<double> w = weights(s, a, ratio);
    const int64_t first =
        static_cast<int64_t>(std::clamp(whole, -1e9, 1e9)) - static_cast<int64_t>(w.size() / 2);
    if (s.exclude_outside) {
      double sum = 0;
      for (size_t t = 0; t < w.size(); ++t) {
        const int64_t tap = first + static_cast<int64_t>(t);
        if (tap < 0 || tap >= a.input) w[t] = 0;
        sum += w[t];
      }
      for (double& weight : w)
        weight /= sum;
    }
    taps.positions.resize(w.size());
    taps.weights.resize(w.size());
    for (size_t t = 0; t < w.size(); ++t) {
      taps.positions[t].push_back(
          std::clamp<int64_t>(first + static_cast<int64_t>(t), 0, a.input - 1));
      taps.weights[t].push_back(w[t]);
    }
  }
  return taps;
}

Var resized(OnnxNode& node, const Var& x, const Settings& s, const Axis& axis) {
  constexpr double kMostTaps = 256, kMostOutputs = 1 << 20;
  const double taps_each = s.antialias ? 4 / std::min(axis.scale, 1.0) + 2 : 4;
  if (taps_each > kMostTaps || static_cast<double>(axis.output) > kMostOutputs) {
    node.unsupported(
        fmt::format("{} outputs of {} neighbours each are not supported", axis.output, taps_each));
  }
  if (axis.output == 0) return sliced(x, axis.dim, 0, 0);
  const Taps taps = taps_of(s, axis);
  if (s.mode == "nearest") {
    // One tap counts for each output.
    Ints positions = taps.positions[0];
    for (size_t i = 0; i < positions.size(); ++i) {
      if (taps.weights[1][i] == 1) positions[i] = taps.positions[1][i];
    }
    return picked(node, x, positions, axis.dim);
  }
  std::optional<Var> sum;
  for (size_t t = 0; t < taps.positions.size(); ++t) {
    if (std::ranges::all_of(taps.weights[t], [](double w) { return w == 0; })) continue;
    ir::Shape shape(x.type().rank(), 1);
    shape[axis.dim] = axis.output;
    const Var weight = node.literal(x.type().dtype, shape, taps.weights[t]);
    const Var term = picked(node, x, taps.positions[t], axis.dim) * weight;
    sum = sum ? *sum + term : term;
  }
  return *sum;
}

Var extrapolated(OnnxNode& node, const Var& y, const Settings& s, const Axis& axis) {
  if (s.coordinates != "tf_crop_and_resize") return y;
  const Taps taps = taps_of(s, axis);
  if (std::ranges::all_of(taps.inside, [](bool in) { return in; })) return y;
  ir::Shape shape(y.type().rank(), 1);
  shape[axis.dim] = axis.output;
  const std::vector<double> inside(taps.inside.begin(), taps.inside.end());
  return select(node.literal(ir::DType::kBool, shape, inside), y, y.splat(s.outside_value));
}

// Which operand holds what: Upsample-9 and Resize-10 have (X, scales), later (X, roi, scales,
// sizes).
std::vector<Axis> axes_of(OnnxNode& node, const ir::Shape& shape, const Settings& s) {
  const size_t rank = shape.size();
  const bool old = node.op() == "Upsample" || node.opset() < 11;
  Ints dims(rank);
  std::iota(dims.begin(), dims.end(), 0);
  dims = node.ints("axes", dims);
  std::vector<double> scales;
  Ints sizes;
  if (node.op() == "Upsample" && node.opset() < 9) {
    scales = node.numbers("scales");
  } else if (node.has(old ? 1 : 2)) {
    scales = node.numbers(old ? 1 : 2, "scales");
  }
  if (!old && node.has(3)) sizes = node.ints(3, "sizes");
  if (scales.empty() == sizes.empty()) node.wrong("either scales or sizes must be given");
  if (std::max(scales.size(), sizes.size()) != dims.size())
    node.wrong(fmt::format("{} scales or sizes for {} axes", std::max(scales.size(), sizes.size()),
                           dims.size()));
  std::vector<double> roi;
  if (s.coordinates == "tf_crop_and_resize") {
    roi = node.numbers(1, "roi");
    if (roi.size() != 2 * dims.size()) node.wrong("roi must hold a start and an end for each axis");
  }
  std::vector<Axis> axes;
  for (size_t i = 0; i < dims.size(); ++i) {
    Axis axis;
    axis.dim = node.axis(dims[i], rank);
    axis.input = shape[axis.dim];
    const double in = static_cast<double>(axis.input);
    axis.scale = sizes.empty() ? scales[i] : static_cast<double>(sizes[i]) / in;
    axes.push_back(axis);
    if (!roi.empty()) {
      axes.back().roi_start = roi[i];
      axes.back().roi_end = roi[i + dims.size()];
    }
  }
  const std::string policy = node.text("keep_aspect_ratio_policy", "stretch");
  double common = 0;
  if (!sizes.empty() && policy != "stretch") {
    if (policy != "not_larger" && policy != "not_smaller")
      node.wrong("keep_aspect_ratio_policy must be stretch, not_larger or not_smaller");
    const auto by_scale = [](const Axis& a, const Axis& b) { return a.scale < b.scale; };
    common = policy == "not_larger" ? std::ranges::min_element(axes, by_scale)->scale
                                    : std::ranges::max_element(axes, by_scale)->scale;
  }
  for (size_t i = 0; i < axes.size(); ++i) {
    Axis& axis = axes[i];
    const double in = static_cast<double>(axis.input);
    double out = sizes.empty() ? std::floor(in * axis.scale) : static_cast<double>(sizes[i]);
    if (common != 0) {
      axis.scale = common;
      out = std::floor(in * common + 0.5);
    }
    if (!(axis.scale > 0) || !(out >= 0) || out > 0x1p31 || axis.input == 0)
      node.wrong(fmt::format("dimension {} of size {} to {}", axis.dim, axis.input, out));
    axis.output = static_cast<int64_t>(out);
  }
  return axes;
}

void resize(OnnxNode& node) {
  Var x = node.in(0);
  const bool old = node.op() == "Upsample" || node.opset() < 11;
  Settings s;
  s.mode = node.text("mode", "nearest");
  s.coordinates = old ? "asymmetric" : node.text("coordinate_transformation_mode", "half_pixel");
  s.nearest = old ? "floor" : node.text("nearest_mode", "round_prefer_floor");
  s.cubic_a = node.number("cubic_coeff_a", -0.75);
  s.outside_value = node.number("extrapolation_value", 0);
  s.antialias = node.flag("antialias", false) && s.mode != "nearest";
  s.exclude_outside = node.flag("exclude_outside", false);
  if (s.mode == "bilinear") s.mode = "linear";
  const auto one_of = [&](std::string_view what, const std::string& word,
                          std::initializer_list<std::string_view> words) {
    if (std::ranges::find(words, word) == words.end())
      node.wrong(fmt::format("{} is '{}'; {} exist", what, word, fmt::join(words, ", ")));
  };
  one_of("mode", s.mode, {"nearest", "linear", "cubic"});
  one_of("coordinate_transformation_mode", s.coordinates,
         {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric",
          "tf_half_pixel_for_nn", "tf_crop_and_resize"});
  one_of("nearest_mode", s.nearest, {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"});
  const ir::DType dtype = x.type().dtype;
  if (!is_float(dtype) && s.mode != "nearest") x = cast_to(x, ir::DType::kF32);
  const std::vector<Axis> axes = axes_of(node, x.shape(), s);
  for (const Axis& axis : axes) {
    const bool same = axis.output == axis.input && axis.scale == 1;
    Settings each = s;
    if (old && node.op() == "Resize" && axis.scale < 1) each.nearest = "ceil";
    if (!same || s.coordinates == "tf_crop_and_resize") x = resized(node, x, each, axis);
  }
  for (const Axis& axis : axes)
    x = extrapolated(node, x, s, axis);
  if (!is_float(dtype) && is_float(x.type().dtype)) {  // cubic overshoots
    const auto [least, most] = range_of(dtype);
    x = x.apply(ops::clip, {{"min", least}, {"max", most}});
  }
  node.give(cast_to(x, dtype));
}

constexpr std::array kOnnxOps = std::to_array<OnnxOp>({
    {"Resize", resize},
    {"Upsample", resize},
});

}  // namespace

std::span<const OnnxOp> resize_ops() {
  return kOnnxOps;
}

}  // namespace linnet::frontend
