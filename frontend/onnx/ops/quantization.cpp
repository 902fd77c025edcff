// Quantised numbers. Sums of products of 8-bit integers are computed exactly in floating point: in
// f32 where they stay below 2^24, else in f64. So they run on the kernels there are.
#include "base/integers.h"
#include "frontend/onnx/import/model_file.h"
#include "frontend/onnx/ops/quantized.h"
#include "frontend/onnx/ops/spatial.h"

#include <fmt/format.h>

#include <array>

namespace linnet::frontend {

namespace ops = ir::ops;
using ir::DType;
using ir::Shape;

Var setting(OnnxNode& node, size_t i) {
  return node.in(i, InitializerUse::kConstant);
}

std::optional<Var> optional_input(OnnxNode& node, size_t i) {
  return node.has(i) ? std::optional(node.in(i)) : std::nullopt;
}

Var spread(OnnxNode& node, const Var& factor, const Shape& shape, int64_t axis, int64_t block) {
  const Shape f = factor.shape();
  if (factor.type().elements() == 1 && block == 0) return reshaped(factor, {});
  const size_t dim = node.axis(axis, shape.size());
  if (f.size() == 1 && block == 0) {
    if (f[0] != shape[dim])
      node.wrong(fmt::format("{} scales for dimension {} of size {}", f[0], dim, shape[dim]));
    Shape wide(shape.size(), 1);
    wide[dim] = f[0];
    return reshaped(factor, wide);
  }
  if (f.size() != shape.size() || block < 1 || block > shape[dim] ||
      ceil_div(shape[dim], block) != f[dim])
    node.wrong(fmt::format("scales {} do not fit {} in blocks of {}", to_string(f),
                           to_string(shape), block));
  ir::Ints positions;
  for (int64_t i = 0; i < shape[dim]; ++i)
    positions.push_back(i / block);
  return picked(node, factor, positions, dim);
}

Var saturated(const Var& x, const std::optional<Var>& zero, DType dtype) {
  Var y = x.apply(ops::round);
  if (zero) y = y + cast_to(*zero, y.type().dtype);
  const auto [least, most] = range_of(dtype);
  return cast_to(y.apply(ops::clip, {{"min", least}, {"max", most}}), dtype);
}

namespace {

void check_small(OnnxNode& node, DType dtype) {
  if (dtype != DType::kI8 && dtype != DType::kU8)
    node.unsupported(fmt::format("quantised {} is not supported (INT8 and UINT8 are)",
                                 std::string(ir::name(dtype))));
}

}  // namespace

// QuantizeLinear-21
void quantize(OnnxNode& node) {
  const Var x = node.in(0);
  const int64_t axis = node.integer("axis", 1), block = node.integer("block_size", 0);
  const Shape shape = x.shape();
  const Var scale = spread(node, setting(node, 1), shape, axis, block);
  DType to = DType::kU8;
  if (const auto given = static_cast<int32_t>(node.integer("output_dtype", 0)); given != 0) {
    const auto dtype = dtype_of(given);
    if (!dtype) node.unsupported(fmt::format("{} is not supported", data_type_name(given)));
    to = *dtype;
  }
  std::optional<Var> zero;
  if (node.has(2)) {
    zero = spread(node, node.in(2), shape, axis, block);
    to = zero->type().dtype;
  }
  check_small(node, to);
  node.give(saturated(cast_to(x, scale.type().dtype) / scale, zero, to));
}

Var centred(const Var& x, const std::optional<Var>& zero, DType dtype) {
  const Var value = cast_to(x, dtype);
  return zero ? value - cast_to(*zero, dtype) : value;
}

// DequantizeLinear-21
void dequantize(OnnxNode& node) {
  const Var x = node.in(0);
  const int64_t axis = node.integer("axis", 1), block = node.integer("block_size", 0);
  const Shape shape = x.shape();
  const Var scale = spread(node, setting(node, 1), shape, axis, block);
  std::optional<Var> zero;
  if (node.has(2)) zero = spread(node, node.in(2), shape, axis, block);
  // Differences of 32-bit numbers need more than f32 holds.
  const bool wide = x.type().dtype == DType::kI32;
  const Var difference = centred(x, zero, wide ? DType::kF64 : scale.type().dtype);
  node.give(cast_to(difference * cast_to(scale, difference.type().dtype), scale.type().dtype));
}

namespace {

// The float type in which `terms` products of two differences of 8-bit numbers add up exactly.
DType exact_for(int64_t terms) {
  return terms < (int64_t{1} << 24) / (255 * 255) ? DType::kF32 : DType::kF64;
}

}  // namespace

Var integer_convolution(OnnxNode& node, const Var& x, std::optional<Var> x_zero, const Var& w,
                        std::optional<Var> w_zero) {
  const Shape in = x.shape(), weight = w.shape();
  if (in.size() < 3 || weight.size() != in.size())
    node.wrong(fmt::format("x {} must be [N,C,D1,…] and w {} of as many dimensions", to_string(in),
                           to_string(weight)));
  check_small(node, x.type().dtype);
  check_small(node, w.type().dtype);
  const int64_t groups = node.integer("group", 1);
  if (groups < 1 || in[1] % groups != 0)
    node.wrong(fmt::format("group {} does not divide {} channels", groups, in[1]));
  const DType dtype = exact_for(product(weight, 1, weight.size()));
  if (x_zero) x_zero = reshaped(*x_zero, {});
  if (w_zero) w_zero = spread(node, *w_zero, weight, 0, 0);
  const Spatial window = spatial_of(node, spatial_sizes(weight), spatial_sizes(in));
  return convolved(node, centred(x, x_zero, dtype), centred(w, w_zero, dtype), window, groups);
}

Var integer_product(OnnxNode& node, const Var& a, std::optional<Var> a_zero, const Var& b,
                    std::optional<Var> b_zero) {
  const Shape left = a.shape(), right = b.shape();
  if (left.size() < 2 || right.size() < 2) {
    node.unsupported(fmt::format("products of vectors ({} and {}) are not supported here",
                                 to_string(left), to_string(right)));
  }
  check_small(node, a.type().dtype);
  check_small(node, b.type().dtype);
  const DType dtype = exact_for(left.back());
  // One zero point, or one for each row of A and each column of B.
  if (a_zero && a_zero->type().rank() <= 1) a_zero = spread(node, *a_zero, left, -2, 0);
  if (b_zero && b_zero->type().rank() <= 1) b_zero = spread(node, *b_zero, right, -1, 0);
  return apply(ops::matmul, centred(a, a_zero, dtype), centred(b, b_zero, dtype));
}

Var dynamically_quantised(const Var& x) {
  ir::Ints all(x.type().rank());
  for (size_t dim = 0; dim < all.size(); ++dim)
    all[dim] = static_cast<int64_t>(dim);
  const Var least = minimum(reduced(ops::amin, x, all, true), x.splat(0));
  const Var most = maximum(reduced(ops::amax, x, all, true), x.splat(0));
  const Var range = (most - least) / 255;
  const Var scale = select(apply(ops::eq, range, range.splat(0)), range.splat(1), range);
  const auto rounded = [](const Var& v) { return v.apply(ops::round); };
  const ir::Attrs byte{{"min", 0.0}, {"max", 255.0}};
  const Var zero = rounded((-least / scale).apply(ops::clip, byte));
  return ((rounded(x / scale) + zero).apply(ops::clip, byte) - zero) * scale;
}

namespace {

// ConvInteger-10, MatMulInteger-10
void conv_integer(OnnxNode& node) {
  const Var y = integer_convolution(node, node.in(0), optional_input(node, 2), node.in(1),
                                    optional_input(node, 3));
  node.give(cast_to(y, DType::kI32));
}
void matmul_integer(OnnxNode& node) {
  const Var y = integer_product(node, node.in(0), optional_input(node, 2), node.in(1),
                                optional_input(node, 3));
  node.give(cast_to(y, DType::kI32));
}

}  // namespace

// x, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero, B (i32).
Var quantised_convolution(OnnxNode& node, const Var& x) {
  Var y = integer_convolution(node, x, node.in(2), node.in(3), node.in(5));
  const size_t rank = y.type().rank();
  const Var scale = setting(node, 1) * setting(node, 4) / setting(node, 6);
  if (node.has(8)) {
    // B is a number of 32 bits: f64 holds the sum.
    y = cast_to(y, DType::kF64) + cast_to(by_channel(node.in(8), rank), DType::kF64);
  }
  const Var factor = scale.type().elements() == 1 ? reshaped(scale, {}) : by_channel(scale, rank);
  const Var zero = reshaped(node.in(7), {});
  return saturated(cast_to(y, DType::kF32) * factor, zero, zero.type().dtype);
}

namespace {

void qlinear_conv(OnnxNode& node) {
  node.give(quantised_convolution(node, node.in(0)));
}

// QLinearMatMul-21: a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero.
void qlinear_matmul(OnnxNode& node) {
  const Var y = integer_product(node, node.in(0), node.in(2), node.in(3), node.in(5));
  const auto scaled = [&](size_t i, size_t operand, int64_t axis) {
    const Var scale = setting(node, i);
    return scale.type().rank() > 1 ? scale : spread(node, scale, node.in(operand).shape(), axis, 0);
  };
  const Var factor = scaled(1, 0, -2) * scaled(4, 3, -1);
  const Var zero = reshaped(node.in(7), {});
  node.give(saturated(cast_to(y, factor.type().dtype) * factor / reshaped(setting(node, 6), {}),
                      zero, zero.type().dtype));
}

constexpr std::array kOnnxOps = std::to_array<OnnxOp>({
    {"ConvInteger", conv_integer},
    {"DequantizeLinear", dequantize},
    {"MatMulInteger", matmul_integer},
    {"QLinearConv", qlinear_conv},
    {"QLinearMatMul", qlinear_matmul},
    {"QuantizeLinear", quantize},
});

}  // namespace

std::span<const OnnxOp> quantization_ops() {
  return kOnnxOps;
}

}  // namespace linnet::frontend
