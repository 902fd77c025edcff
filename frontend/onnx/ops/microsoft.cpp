// Operators of the domain com.microsoft, which ONNX Runtime's quantiser and optimizer write
// (onnxruntime/docs/ContribOperators.md): quantised ones dequantise, compute, and quantise.
#include "frontend/onnx/ops/quantized.h"
#include "frontend/onnx/ops/spatial.h"

#include <fmt/format.h>

#include <array>
#include <numeric>

namespace linnet::frontend {
namespace {

namespace ops = ir::ops;
using ir::DType;
using ir::Ints;
using ir::Shape;

// Input i with its scale and zero point (which may be left out) in the two inputs behind it.
Var dequantised(OnnxNode& node, size_t i) {
  const Var x = node.in(i);
  const Var scale = reshaped(setting(node, i + 1), {});
  auto zero = optional_input(node, i + 2);
  if (zero) zero = reshaped(*zero, {});
  return centred(x, zero, scale.type().dtype) * scale;
}

// y by the scale in input i and the zero point behind it, in the dtype of that, or of input 0.
void give_quantised(OnnxNode& node, const Var& y, size_t i, DType fallback) {
  auto zero = optional_input(node, i + 1);
  if (zero) zero = reshaped(*zero, {});
  const Var scale = reshaped(setting(node, i), {});
  node.give(saturated(y / scale, zero, zero ? zero->type().dtype : fallback));
}

DType dtype_of_input(OnnxNode& node, size_t i) {
  return node.in(i).type().dtype;
}

// [N, …, C] as [N, C, …] and back.
Var channels_first(const Var& x) {
  Ints order(x.type().rank());
  std::iota(order.begin(), order.end(), int64_t{-1});
  order[0] = 0;
  order[1] = static_cast<int64_t>(order.size()) - 1;
  for (size_t i = 2; i < order.size(); ++i)
    order[i] = static_cast<int64_t>(i) - 1;
  return transposed(x, order);
}
Var channels_last(const Var& x) {
  Ints order(x.type().rank());
  std::iota(order.begin(), order.end(), int64_t{1});
  order.front() = 0;
  order.back() = 1;
  return transposed(x, order);
}

template <const ir::OpDef& op> void qlinear_binary(OnnxNode& node) {
  const Var y = apply(op, dequantised(node, 0), dequantised(node, 3));
  give_quantised(node, y, 6, dtype_of_input(node, 0));
}

void qlinear_sigmoid(OnnxNode& node) {
  give_quantised(node, sigmoid(dequantised(node, 0)), 3, dtype_of_input(node, 0));
}
void qlinear_leaky_relu(OnnxNode& node) {
  const Var y =
      dequantised(node, 0).apply(ops::leaky_relu, {{"negative_slope", node.number("alpha", 0.01)}});
  give_quantised(node, y, 3, dtype_of_input(node, 0));
}

// Over [N, C, …], or with channels_last [N, …, C].
template <class Pool> void qlinear_pool(OnnxNode& node, Pool pool) {
  const Var x = dequantised(node, 0);
  if (x.type().rank() < 3)
    node.wrong(fmt::format("X must be [N,C,D1,…], not {}", to_string(x.shape())));
  const bool last = node.flag("channels_last", false);
  const Var y = pool(last ? channels_first(x) : x);
  give_quantised(node, last ? channels_last(y) : y, 3, dtype_of_input(node, 0));
}
void qlinear_average_pool(OnnxNode& node) {
  qlinear_pool(node, [&](const Var& x) { return average_pooled(node, x); });
}
void qlinear_global_average_pool(OnnxNode& node) {
  qlinear_pool(node, [&](const Var& x) {
    Ints dims(x.type().rank() - 2);
    std::iota(dims.begin(), dims.end(), 2);
    return reduced(ops::mean, x, dims, true);
  });
}

void qlinear_reduce_mean(OnnxNode& node) {
  const Var x = dequantised(node, 0);
  Ints dims;
  for (int64_t axis : node.ints("axes"))
    dims.push_back(static_cast<int64_t>(node.axis(axis, x.type().rank())));
  give_quantised(node, reduced(ops::mean, x, dims, node.flag("keepdims", true)), 3,
                 dtype_of_input(node, 0));
}

// Y_scale, Y_zero, then three inputs for each piece.
void qlinear_concat(OnnxNode& node) {
  if (node.input_count() % 3 != 2)
    node.wrong(fmt::format("{} inputs are given; two, and three for each piece are expected",
                           node.input_count()));
  std::vector<Var> parts;
  for (size_t i = 2; i < node.input_count(); i += 3)
    parts.push_back(dequantised(node, i));
  const size_t dim = node.axis(node.integer("axis", 0), parts.front().type().rank());
  give_quantised(node, concatenated(parts, dim), 0, dtype_of_input(node, 2));
}

void qlinear_where(OnnxNode& node) {
  const Var y = select(node.in(0), dequantised(node, 1), dequantised(node, 4));
  give_quantised(node, y, 7, dtype_of_input(node, 1));
}

// By `opset`: before 13 over all dimensions from `axis` on.
void qlinear_softmax(OnnxNode& node) {
  const Var x = dequantised(node, 0);
  const Shape s = x.shape();
  const bool old = node.integer("opset", 13) < 13;
  const size_t axis = node.axis(node.integer("axis", old ? 1 : -1), s.size());
  const Var rows = old ? reshaped(x, {product(s, 0, axis), product(s, axis, s.size())}) : x;
  const Var y = rows.apply(ops::softmax, {{"dim", static_cast<int64_t>(old ? 1 : axis)}});
  give_quantised(node, reshaped(y, s), 3, dtype_of_input(node, 0));
}

void qlinear_conv(OnnxNode& node) {
  const Var x = node.in(0);
  if (!node.flag("channels_last", false)) return node.give(quantised_convolution(node, x));
  node.give(channels_last(quantised_convolution(node, channels_first(x))));
}

// A, a_scale, a_zero, B, b_scale, b_zero, C (of 32 bits), y_scale, y_zero: alpha · A B + C.
void qgemm(OnnxNode& node) {
  Var a = node.in(0), b = node.in(3);
  if (a.type().rank() != 2 || b.type().rank() != 2)
    node.wrong(
        fmt::format("A {} and B {} must be matrices", to_string(a.shape()), to_string(b.shape())));
  if (node.flag("transA", false)) a = transposed(a, {1, 0});
  if (node.flag("transB", false)) b = transposed(b, {1, 0});
  // One scale, or one for each column of B.
  Var sums = integer_product(node, a, node.in(2), b, node.in(5));
  const Var scale = setting(node, 1) * setting(node, 4) * node.number("alpha", 1);
  if (node.has(6)) sums = cast_to(sums, DType::kF64) + cast_to(node.in(6), DType::kF64);
  const Var y = cast_to(sums, DType::kF32) * scale;
  if (!node.has(7)) return node.give(y);
  give_quantised(node, y, 7, dtype_of_input(node, 0));
}

// The product of `a` and 8-bit B (input 1), with its scales, zero points and a bias at these
// places.
void give_product(OnnxNode& node, const Var& a, size_t scale, size_t zero, size_t bias) {
  const Var b = node.in(1);
  const Shape shape = b.shape();
  if (shape.size() < 2) node.unsupported("products with vectors are not supported here");
  const auto by_column = [&](const Var& factor) {
    return factor.type().rank() > 1 ? factor : spread(node, factor, shape, -1, 0);
  };
  std::optional<Var> b_zero = optional_input(node, zero);
  if (b_zero) b_zero = by_column(*b_zero);
  const Var factor = by_column(setting(node, scale));
  Var y = apply(ops::matmul, a, centred(b, b_zero, a.type().dtype) * factor);
  if (node.has(bias)) y = y + node.in(bias);
  node.give(y);
}
void dynamic_quantize_matmul(OnnxNode& node) {
  give_product(node, dynamically_quantised(node.in(0)), 2, 3, 4);
}
void matmul_integer_to_float(OnnxNode& node) {
  const Var a = node.in(0);
  const auto by_row = [&](const Var& factor) {
    return factor.type().rank() > 1 ? factor : spread(node, factor, a.shape(), -2, 0);
  };
  const Var scale = by_row(setting(node, 2));
  std::optional<Var> zero = optional_input(node, 4);
  if (zero) zero = by_row(*zero);
  give_product(node, centred(a, zero, scale.type().dtype) * scale, 3, 5, 6);
}

void fused_matmul(OnnxNode& node) {
  if (node.flag("transBatchA", false) || node.flag("transBatchB", false))
    node.unsupported("transBatchA and transBatchB are not supported");
  // The last two dimensions change places; a vector stays.
  const auto operand = [&](size_t i, std::string_view attribute) {
    const Var x = node.in(i);
    const size_t rank = x.type().rank();
    if (!node.flag(attribute, false) || rank < 2) return x;
    Ints order(rank);
    std::iota(order.begin(), order.end(), 0);
    std::swap(order[rank - 1], order[rank - 2]);
    return transposed(x, order);
  };
  const Var a = operand(0, "transA"), b = operand(1, "transB");
  if (a.type().rank() < 2 || b.type().rank() < 2)
    node.unsupported("products with vectors are not supported here");
  const Var y = apply(ops::matmul, a, b);
  const double alpha = node.number("alpha", 1);
  node.give(alpha == 1 ? y : y * alpha);
}

// The exact form, or that of tanh; of input 0, and of an input 1 that is added before.
template <bool tanh_form> void gelu(OnnxNode& node) {
  const Var x = node.has(1) ? node.in(0) + node.in(1) : node.in(0);
  node.give(x.apply(ops::gelu, {{"approximate", ir::Enum{tanh_form ? "tanh" : "none"}}}));
}
// x · sigmoid(alpha · x)
void quick_gelu(OnnxNode& node) {
  const Var x = node.in(0);
  node.give(x * sigmoid(x * node.number("alpha", 1.702)));
}

// Layer normalisation over the last dimension of input + skip (+ bias), which is the fourth output.
template <bool centre> void skip_norm(OnnxNode& node) {
  Var sum = node.in(0) + node.in(1);
  const size_t bias = centre ? 4 : 3;
  if (node.has(bias)) sum = sum + node.in(bias);
  if (node.wants(1) || node.wants(2))
    node.unsupported("mean and deviation as outputs are not supported");
  const Ints last{static_cast<int64_t>(sum.type().rank()) - 1};
  const Var x = centre ? sum - reduced(ops::mean, sum, last, true) : sum;
  const double eps = node.number("epsilon", centre ? 1e-12 : 1e-5);
  Var y = x / sqrt(reduced(ops::mean, x * x, last, true) + x.splat(eps)) * node.in(2);
  if (centre && node.has(3)) y = y + node.in(3);
  node.give(0, y);
  node.give(3, sum);
}

constexpr OnnxOp row(std::string_view name, void (*import)(OnnxNode&), int least_inputs,
                     int most_inputs, int most_outputs = 1, std::string_view attributes = "") {
  return {name, import, kMicrosoftDomain, least_inputs, most_inputs, most_outputs, attributes};
}

constexpr int kAny = 1 << 20;
constexpr std::array kOnnxOps = std::to_array<OnnxOp>({
    row("BiasGelu", gelu<false>, 2, 2),
    row("DequantizeLinear", dequantize, 2, 3, 1, "axis:2"),
    row("DynamicQuantizeLSTM", dynamic_quantize_lstm, 12, 12, 3,
        "activation_alpha:6,activation_beta:6,activations:8,clip:1,direction:3,hidden_size:2,"
        "input_forget:2"),
    row("DynamicQuantizeMatMul", dynamic_quantize_matmul, 3, 5),
    row("FastGelu", gelu<true>, 1, 2),
    row("FusedMatMul", fused_matmul, 2, 2, 1,
        "alpha:1,transA:2,transB:2,transBatchA:2,transBatchB:2"),
    row("Gelu", gelu<false>, 1, 1),
    row("MatMulIntegerToFloat", matmul_integer_to_float, 4, 7),
    row("QGemm", qgemm, 6, 9, 1, "alpha:1,transA:2,transB:2"),
    row("QLinearAdd", qlinear_binary<ops::add>, 7, 8),
    row("QLinearAveragePool", qlinear_average_pool, 4, 5, 1,
        "auto_pad:3,ceil_mode:2,channels_last:2,count_include_pad:2,kernel_shape:7!,pads:7,"
        "strides:7"),
    row("QLinearConcat", qlinear_concat, 3, kAny, 1, "axis:2!"),
    row("QLinearConv", qlinear_conv, 8, 9, 1,
        "auto_pad:3,channels_last:2,dilations:7,group:2,kernel_shape:7,pads:7,strides:7"),
    row("QLinearGlobalAveragePool", qlinear_global_average_pool, 5, 5, 1, "channels_last:2"),
    row("QLinearLeakyRelu", qlinear_leaky_relu, 4, 5, 1, "alpha:1"),
    row("QLinearMul", qlinear_binary<ops::mul>, 7, 8),
    row("QLinearReduceMean", qlinear_reduce_mean, 4, 5, 1, "axes:7!,keepdims:2!"),
    row("QLinearSigmoid", qlinear_sigmoid, 4, 5),
    row("QLinearSoftmax", qlinear_softmax, 5, 5, 1, "axis:2,opset:2!"),
    row("QLinearWhere", qlinear_where, 9, 9),
    row("QuantizeLinear", quantize, 2, 3, 1, "axis:2"),
    row("QuickGelu", quick_gelu, 1, 1, 1, "alpha:1"),
    row("SkipLayerNormalization", skip_norm<true>, 3, 5, 4, "epsilon:1"),
    row("SkipSimplifiedLayerNormalization", skip_norm<false>, 3, 4, 4, "epsilon:1"),
});

}  // namespace

std::span<const OnnxOp> microsoft_ops() {
  return kOnnxOps;
}

}  // namespace linnet::frontend
