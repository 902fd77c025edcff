// Values that the model states.
#include "frontend/onnx/import/model_file.h"
#include "frontend/onnx/ops/onnx_ops.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace linnet::frontend {
namespace {

using ir::DType;

// Constant-24 in its several forms.
void constant(OnnxNode& node) {
  if (node.attribute_count() != 1) node.wrong("a Constant has one value, in one attribute");
  if (const auto* value = node.find("value"))
    return node.give(node.literal(node.graph().tensor(value->t())));
  const auto reals = [&](const std::vector<double>& values, bool scalar) {
    const ir::Shape shape = scalar ? ir::Shape{} : ir::Shape{static_cast<int64_t>(values.size())};
    node.give(node.literal(DType::kF32, shape, values));
  };
  if (node.find("value_float")) return reals({node.number("value_float", 0)}, true);
  if (node.find("value_floats")) return reals(node.numbers("value_floats"), false);
  if (node.find("value_int")) {
    const ir::Ints one{node.integer("value_int", 0)};
    return node.give(node.literal(ir::Tensor::from_ints({DType::kI64, {}, {}}, one)));
  }
  if (node.find("value_ints")) return node.give(node.literal(node.ints("value_ints")));
  if (node.find("sparse_value") || node.find("value_string") || node.find("value_strings"))
    node.unsupported("sparse tensors and strings are not supported");
  node.wrong("a Constant has one value, in one attribute");
}

// ConstantOfShape-20
void constant_of_shape(OnnxNode& node) {
  const ir::Shape shape = node.ints(0, "the shape");
  ir::Type type{DType::kF32, shape, {}};
  ir::Tensor value = ir::Tensor::splat({DType::kF32, {}, {}}, 0);
  if (const auto* given = node.find("value")) {
    value = node.graph().tensor(given->t());
    type.dtype = value.type().dtype;
    if (value.type().elements() != 1) node.wrong("the value must be one number");
  }
  if (!ir::valid(type.shape, type.dtype))
    node.wrong(fmt::format("shape {} is not possible", ir::to_string(type.shape)));
  if (is_float(type.dtype))
    return node.give(node.literal(ir::Tensor::splat(type, value.as_doubles().front())));
  const ir::Ints all(static_cast<size_t>(type.elements()), value.as_ints().front());
  node.give(node.literal(ir::Tensor::from_ints(type, all)));
}

// Range-11: start, start + delta, … before limit.
void range(OnnxNode& node) {
  const ir::DType dtype = node.constant(0, "start").type().dtype;
  constexpr double kMostElements = 1 << 24;
  const double first = node.number(0, "start"), step = node.number(2, "delta");
  const double count = std::ceil((node.number(1, "limit") - first) / step);
  if (step == 0 || !(count <= kMostElements))
    node.wrong(fmt::format("a range of {} elements in steps of {}", count, step));
  if (!is_float(dtype)) {
    // Numbers beyond 2^53 are counted as what they are.
    const int64_t from = node.integer(0, "start"), to = node.integer(1, "limit");
    const int64_t by = node.integer(2, "delta");
    ir::Ints numbers;
    for (int64_t at = from; by > 0 ? at < to : at > to; at += by) {
      numbers.push_back(at);
      if (by > 0 ? at > to - by : at < to - by) break;
    }
    const ir::Type type{dtype, {static_cast<int64_t>(numbers.size())}, {}};
    return node.give(node.literal(ir::Tensor::from_ints(type, numbers)));
  }
  std::vector<double> values;
  for (int64_t i = 0; i < static_cast<int64_t>(count); ++i)
    values.push_back(first + static_cast<double>(i) * step);
  node.give(node.literal(dtype, {static_cast<int64_t>(values.size())}, values));
}

void eye_like(OnnxNode& node) {
  const ir::Type like = node.in(0).type();
  if (like.rank() != 2) node.wrong("the input must be a matrix");
  const auto dtype = node.find("dtype") ? dtype_of(static_cast<int32_t>(node.integer("dtype", 1)))
                                        : std::optional(like.dtype);
  if (!dtype) node.unsupported("that dtype is not supported");
  const Var row = iota(node, DType::kI64, like.shape[0], 0, 2);
  const Var column = iota(node, DType::kI64, like.shape[1], 1, 2);
  const int64_t k = std::clamp<int64_t>(node.integer("k", 0), -like.shape[0], like.shape[1]);
  const Var diagonal = row + row.splat(static_cast<double>(k));
  node.give(cast_to(apply(ir::ops::eq, column, diagonal), *dtype));
}

constexpr std::array kOnnxOps = std::to_array<OnnxOp>({
    {"Constant", constant},
    {"ConstantOfShape", constant_of_shape},
    {"EyeLike", eye_like},
    {"Range", range},
});

}  // namespace

std::span<const OnnxOp> constant_ops() {
  return kOnnxOps;
}

}  // namespace linnet::frontend
