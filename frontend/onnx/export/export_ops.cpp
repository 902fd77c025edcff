// The table of ops with the function that writes each, in order of their names.
#include "frontend/onnx/export/export_ops.h"

#include "ir/ops/pad.h"
#include "ir/ops/scatter.h"
#include "ir/ops/shared/reduction.h"
#include "ir/ops/shared/window.h"
#include "ir/ops/transpose.h"

#include "support/check.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace linnet::frontend {
namespace {

using ir::Ints;
using ir::Key;
using ir::Node;
namespace ops = ir::ops;

void rename(OnnxWriter& w, const ExportRow& row, const Node& node) {
  set_attributes(w.add(node, row.onnx, w.operands(node)), node, row.attrs);
}

// The kernel's size is the weight's; readers want to see it all the same.
void conv(OnnxWriter& w, const ExportRow& row, const Node& node) {
  rename(w, row, node);
  const ir::Shape& weight = w.type(node.operands[1]).shape;
  set_attribute(w.last(), "kernel_shape", Ints{weight[2], weight[3]});
}

void pool(OnnxWriter& w, const ExportRow& row, const Node& node) {
  rename(w, row, node);
  const Ints& stride = node.attrs.get(ir::kStride);
  set_attribute(w.last(), "strides", stride.empty() ? node.attrs.get(ir::kKernelSize) : stride);
}

void matmul(OnnxWriter& w, const ExportRow& row, const Node& node) {
  std::vector<std::string> inputs = w.operands(node);
  if (node.attrs.get(Key<bool>{"transpose_b"})) {
    Ints perm = ir::permutation({{"dims", Ints{}}}, w.type(node.operands[1]).rank());
    inputs[1] = w.step(node, "Transpose", {inputs[1]}, "transposed");
    set_attribute(w.last(), "perm", std::move(perm));
  }
  w.add(node, row.onnx, inputs);
}

void silu(OnnxWriter& w, const ExportRow& row, const Node& node) {
  const std::string x = w[node.operands[0]];
  w.add(node, row.onnx, {x, w.step(node, "Sigmoid", {x}, "sigmoid")});
}

void hard_sigmoid(OnnxWriter& w, const ExportRow& row, const Node& node) {
  rename(w, row, node);
  set_attribute(w.last(), "alpha", 1.0 / 6);
  set_attribute(w.last(), "beta", 0.5);
}

// Bounds are operands; an infinite one is left out.
void clip(OnnxWriter& w, const ExportRow& row, const Node& node) {
  std::vector<std::string> inputs = w.operands(node);
  const ir::DType dtype = w.type(node.operands[0]).dtype;
  const std::string base = w[node.results[0]];
  for (const char* bound : {"min", "max"}) {
    const double value = node.attrs.get(Key<double>{bound});
    inputs.push_back(std::isfinite(value) ? w.number(base + "." + bound, dtype, value) : "");
  }
  while (inputs.back().empty())
    inputs.pop_back();
  w.add(node, row.onnx, inputs);
}

// Without a list of dimensions ONNX reduces over all of them, which of a scalar are none.
void reduce(OnnxWriter& w, const ExportRow& row, const Node& node) {
  std::vector<std::string> inputs = w.operands(node);
  if (!node.attrs.get(ir::kDims).empty()) {
    const Ints dims = ir::reduced_list(node.attrs, w.type(node.operands[0]).rank());
    inputs.push_back(w.integers(w[node.results[0]] + ".axes", dims));
  }
  set_attributes(w.add(node, row.onnx, inputs), node, row.attrs);
}

void batch_norm(OnnxWriter& w, const ExportRow& row, const Node& node) {
  rename(w, row, node);
  // PyTorch's momentum is the share of the batch, ONNX's that of the past.
  set_attribute(w.last(), "momentum", 1 - node.attrs.get(Key<double>{"momentum"}));
}

// Sizes of a Reshape may be 0, the same as before, and once -1, what remains: so most reshapes
// of a batch need not know its size. nullopt where that does not say it.
std::optional<Ints> reshape_sizes(const OnnxWriter& w, ir::ValueId from, ir::ValueId to) {
  Ints sizes = w.type(to).shape;
  if (std::ranges::find(sizes, 0) != sizes.end()) return std::nullopt;
  bool rest = false;
  for (size_t dim = 0; dim < sizes.size(); ++dim) {
    const int64_t factor = w.sizes().factor(to, dim);
    if (factor == 0) continue;
    if (dim < w.type(from).rank() && w.sizes().factor(from, dim) == factor) {
      sizes[dim] = 0;
    } else if (!rest) {
      sizes[dim] = -1;
      rest = true;
    } else {
      return std::nullopt;
    }
  }
  return sizes;
}

void reshape(OnnxWriter& w, const ExportRow& row, const Node& node) {
  const ir::ValueId result = node.results[0];
  const std::string input = w[node.operands[0]];
  const auto sizes = reshape_sizes(w, node.operands[0], result);
  const std::string shape =
      sizes ? w.integers(w[result] + ".shape", *sizes) : w.shape_of_result(node);
  w.add(node, row.onnx, {input, shape});
  if (!sizes) set_attribute(w.last(), "allowzero", true);
}

// ONNX's Flatten makes a matrix.
void flatten(OnnxWriter& w, const ExportRow& row, const Node& node) {
  const bool matrix = w.type(node.operands[0]).rank() >= 2 && w.type(node.results[0]).rank() == 2 &&
                      node.attrs.get(Key<int64_t>{"start_dim"}) == 1;
  if (!matrix) return reshape(w, *export_row(ops::reshape), node);
  set_attribute(w.add(node, row.onnx, w.operands(node)), "axis", int64_t{1});
}

void transpose(OnnxWriter& w, const ExportRow& row, const Node& node) {
  const Ints perm = ir::permutation(node.attrs, w.type(node.operands[0]).rank());
  set_attribute(w.add(node, row.onnx, w.operands(node)), "perm", perm);
}

void slice(OnnxWriter& w, const ExportRow& row, const Node& node) {
  std::vector<std::string> inputs = w.operands(node);
  const auto list = [&](std::string_view name) { return node.attrs.get(Key<Ints>{name}); };
  const std::string base = w[node.results[0]];
  Ints axes = list("axes"), steps = list("steps");
  for (size_t i = axes.size(); i < list("starts").size(); ++i)
    axes.push_back(static_cast<int64_t>(i));
  inputs.push_back(w.integers(base + ".starts", list("starts")));
  inputs.push_back(w.integers(base + ".ends", list("ends")));
  inputs.push_back(w.integers(base + ".axes", axes));
  if (!steps.empty()) inputs.push_back(w.integers(base + ".steps", steps));
  w.add(node, row.onnx, inputs);
}

// ONNX's indices are positions, here of one number each; and they are i64.
void scatter(OnnxWriter& w, const ExportRow& row, const Node& node) {
  std::vector<std::string> inputs = w.operands(node);
  const ir::Type& indices = w.type(node.operands[1]);
  if (indices.dtype != ir::DType::kI64) {
    inputs[1] = w.step(node, "Cast", {inputs[1]}, "indices");
    set_attribute(w.last(), "to", ir::DType::kI64);
  }
  const Ints last{static_cast<int64_t>(indices.rank())};
  inputs[1] = w.step(node, "Unsqueeze", {inputs[1], w.integers(w[node.results[0]] + ".axes", last)},
                     "positions");
  w.add(node, row.onnx, inputs);
  const std::string& how = node.attrs.get(ir::kScatterReduce).word;
  const std::string reduction = how == "sum"    ? "add"
                                : how == "prod" ? "mul"
                                : how == "amax" ? "max"
                                : how == "amin" ? "min"
                                                : "none";
  set_attribute(w.last(), "reduction", ir::Enum{reduction});
}

void pad(OnnxWriter& w, const ExportRow& row, const Node& node) {
  std::vector<std::string> inputs = w.operands(node);
  const std::string base = w[node.results[0]];
  const ir::DType dtype = w.type(node.operands[0]).dtype;
  inputs.push_back(w.integers(base + ".pads", node.attrs.get(ir::kPads)));
  if (node.attrs.get(ir::kPadMode).word == "constant")
    inputs.push_back(w.number(base + ".value", dtype, node.attrs.get(ir::kPadValue)));
  set_attributes(w.add(node, row.onnx, inputs), node, row.attrs);
}

// ONNX's Expand leaves a dimension as it is where the shape has 1.
void broadcast_to(OnnxWriter& w, const ExportRow& row, const Node& node) {
  const ir::ValueId from = node.operands[0], to = node.results[0];
  ir::Shape shape = w.type(to).shape;
  const size_t fresh = shape.size() - w.type(from).rank();
  bool known = true;
  for (size_t dim = 0; dim < shape.size(); ++dim) {
    const int64_t factor = w.sizes().factor(to, dim);
    if (factor == 0) continue;
    known = known && dim >= fresh && w.sizes().factor(from, dim - fresh) == factor;
    shape[dim] = 1;
  }
  const std::string input = w[from];
  const std::string sizes = known ? w.integers(w[to] + ".shape", shape) : w.shape_of_result(node);
  w.add(node, row.onnx, {input, sizes});
}

// Sums of narrow integers wrap, whether at each step or at the end.
ir::DType wide_integer(ir::DType dtype) {
  return dtype == ir::DType::kI8 || dtype == ir::DType::kU8 ? ir::DType::kI32 : dtype;
}
// ONNX's MaxPool takes floats and narrow integers.
ir::DType pooled(ir::DType dtype) {
  return dtype == ir::DType::kI32 || dtype == ir::DType::kI64 ? ir::DType::kF64 : dtype;
}
ir::DType any_float(ir::DType dtype) {
  return ir::is_float(dtype) ? dtype : ir::DType::kF32;
}

constexpr std::string_view kNoGradients =
    "it belongs to gradients, and the file holds the model as it is used";

const std::vector<AttrName> kKeep = {{"keepdim", "keepdims"}};

// In the order of ir/ops.def.
const std::vector<ExportRow> kExports = {
    {.op = &ops::conv2d,
     .onnx = "Conv",
     .attrs = {{"stride", "strides"},
               {"padding", "pads"},
               {"dilation", "dilations"},
               {"groups", "group"}},
     .write = conv},
    {.op = &ops::matmul, .onnx = "MatMul", .write = matmul, .through = wide_integer},
    {.op = &ops::max_pool2d,
     .onnx = "MaxPool",
     .attrs = {{"kernel_size", "kernel_shape"},
               {"padding", "pads"},
               {"dilation", "dilations"},
               {"ceil_mode", "ceil_mode"}},
     .write = pool,
     .through = pooled},
    {.op = &ops::max_pool2d_index, .refused = kNoGradients},
    {.op = &ops::max_pool2d_backward, .refused = kNoGradients},
    {.op = &ops::avg_pool2d,
     .onnx = "AveragePool",
     .attrs = {{"kernel_size", "kernel_shape"},
               {"padding", "pads"},
               {"dilation", "dilations"},
               {"ceil_mode", "ceil_mode"},
               {"count_include_pad", "count_include_pad"}},
     .write = pool},

    {.op = &ops::add, .onnx = "Add"},
    {.op = &ops::sub, .onnx = "Sub"},
    {.op = &ops::mul, .onnx = "Mul"},
    {.op = &ops::div, .onnx = "Div"},
    {.op = &ops::maximum, .onnx = "Max"},
    {.op = &ops::minimum, .onnx = "Min"},
    {.op = &ops::pow, .onnx = "Pow", .through = wide_integer},
    {.op = &ops::neg, .onnx = "Neg", .through = wide_integer},
    {.op = &ops::abs, .onnx = "Abs"},
    {.op = &ops::exp, .onnx = "Exp"},
    {.op = &ops::log, .onnx = "Log"},
    {.op = &ops::sqrt, .onnx = "Sqrt"},
    {.op = &ops::sin, .onnx = "Sin"},
    {.op = &ops::cos, .onnx = "Cos"},
    {.op = &ops::erf, .onnx = "Erf"},
    {.op = &ops::floor, .onnx = "Floor"},
    {.op = &ops::ceil, .onnx = "Ceil"},
    {.op = &ops::round, .onnx = "Round"},
    {.op = &ops::sign, .onnx = "Sign"},

    {.op = &ops::relu, .onnx = "Relu"},
    {.op = &ops::leaky_relu, .onnx = "LeakyRelu", .attrs = {{"negative_slope", "alpha"}}},
    {.op = &ops::elu, .onnx = "Elu", .attrs = {{"alpha", "alpha"}}},
    {.op = &ops::gelu, .onnx = "Gelu", .attrs = {{"approximate", "approximate"}}},
    {.op = &ops::silu, .onnx = "Mul", .write = silu},
    {.op = &ops::sigmoid, .onnx = "Sigmoid"},
    {.op = &ops::tanh, .onnx = "Tanh"},
    {.op = &ops::hard_sigmoid, .onnx = "HardSigmoid", .write = hard_sigmoid},
    {.op = &ops::hard_swish, .onnx = "HardSwish"},
    {.op = &ops::clip, .onnx = "Clip", .write = clip},

    {.op = &ops::lt, .onnx = "Less"},
    {.op = &ops::le, .onnx = "LessOrEqual"},
    {.op = &ops::gt, .onnx = "Greater"},
    {.op = &ops::ge, .onnx = "GreaterOrEqual"},
    {.op = &ops::eq, .onnx = "Equal"},
    {.op = &ops::logical_and, .onnx = "And"},
    {.op = &ops::logical_or, .onnx = "Or"},
    {.op = &ops::logical_not, .onnx = "Not"},
    {.op = &ops::is_nan, .onnx = "IsNaN", .through = any_float},
    {.op = &ops::where, .onnx = "Where"},

    {.op = &ops::sum,
     .onnx = "ReduceSum",
     .attrs = kKeep,
     .write = reduce,
     .through = wide_integer},
    {.op = &ops::mean, .onnx = "ReduceMean", .attrs = kKeep, .write = reduce},
    {.op = &ops::amax, .onnx = "ReduceMax", .attrs = kKeep, .write = reduce},
    {.op = &ops::amin, .onnx = "ReduceMin", .attrs = kKeep, .write = reduce},
    {.op = &ops::prod,
     .onnx = "ReduceProd",
     .attrs = kKeep,
     .write = reduce,
     .through = wide_integer},
    {.op = &ops::softmax, .onnx = "Softmax", .attrs = {{"dim", "axis"}}},
    {.op = &ops::log_softmax, .onnx = "LogSoftmax", .attrs = {{"dim", "axis"}}},
    {.op = &ops::batch_norm,
     .onnx = "BatchNormalization",
     .attrs = {{"eps", "epsilon"}},
     .write = batch_norm},

    {.op = &ops::cross_entropy, .onnx = "SoftmaxCrossEntropyLoss"},

    {.op = &ops::reshape, .onnx = "Reshape", .write = reshape, .shape_attr = "shape"},
    {.op = &ops::flatten, .onnx = "Flatten", .write = flatten},
    {.op = &ops::transpose, .onnx = "Transpose", .write = transpose},
    {.op = &ops::concat, .onnx = "Concat", .attrs = {{"dim", "axis"}}},
    {.op = &ops::slice, .onnx = "Slice", .write = slice},
    {.op = &ops::gather, .onnx = "Gather", .attrs = {{"dim", "axis"}}},
    {.op = &ops::scatter, .onnx = "ScatterND", .write = scatter},
    {.op = &ops::pad, .onnx = "Pad", .attrs = {{"mode", "mode"}}, .write = pad},
    {.op = &ops::broadcast_to, .onnx = "Expand", .write = broadcast_to, .shape_attr = "shape"},
    {.op = &ops::cast, .onnx = "Cast", .attrs = {{"dtype", "to"}}},

    {.op = &ops::random_uniform,
     .refused = "its numbers are Philox's, a function of seed and step; ONNX's are any"},
};

}  // namespace

std::span<const ExportRow> export_rows() {
  return kExports;
}

const ExportRow* export_row(const ir::OpDef& op) {
  const auto row = std::ranges::find(kExports, &op, &ExportRow::op);
  return row == kExports.end() ? nullptr : &*row;
}

std::string_view shape_attr(const ir::OpDef& op) {
  const ExportRow* row = export_row(op);
  return row ? row->shape_attr : "";
}

void write_node(OnnxWriter& writer, const ir::Node& node) {
  const ExportRow* row = export_row(*node.op);
  LINNET_CHECK(row != nullptr && !row->onnx.empty(), "no row for this op");
  (row->write ? row->write : rename)(writer, *row, node);
}

}  // namespace linnet::frontend
