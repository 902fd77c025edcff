// The tables of operators, one file each, and what their rows share.
#pragma once

#include "frontend/onnx/import/node.h"

#include <span>

namespace linnet::frontend {

[[nodiscard]] std::span<const OnnxOp> elementwise_ops();
[[nodiscard]] std::span<const OnnxOp> activation_ops();
[[nodiscard]] std::span<const OnnxOp> reduction_ops();
[[nodiscard]] std::span<const OnnxOp> order_ops();
[[nodiscard]] std::span<const OnnxOp> shape_ops();
[[nodiscard]] std::span<const OnnxOp> selection_ops();
[[nodiscard]] std::span<const OnnxOp> constant_ops();
[[nodiscard]] std::span<const OnnxOp> convolution_ops();
[[nodiscard]] std::span<const OnnxOp> pool_ops();
[[nodiscard]] std::span<const OnnxOp> matmul_ops();
[[nodiscard]] std::span<const OnnxOp> einsum_ops();
[[nodiscard]] std::span<const OnnxOp> normalization_ops();
[[nodiscard]] std::span<const OnnxOp> resize_ops();
[[nodiscard]] std::span<const OnnxOp> grid_sample_ops();
[[nodiscard]] std::span<const OnnxOp> recurrent_ops();
[[nodiscard]] std::span<const OnnxOp> loss_ops();
[[nodiscard]] std::span<const OnnxOp> optimizer_ops();
[[nodiscard]] std::span<const OnnxOp> quantization_ops();
[[nodiscard]] std::span<const OnnxOp> control_ops();
[[nodiscard]] std::span<const OnnxOp> microsoft_ops();
[[nodiscard]] std::span<const OnnxOp> fourier_ops();
[[nodiscard]] std::span<const OnnxOp> suppression_ops();

using ir::to_string;
using ir::Var;

// A row for an operator that one IR op computes as it is, with default attributes.
template <const ir::OpDef& op> void one_to_one(OnnxNode& node) {
  std::vector<ir::ValueId> operands;
  for (size_t i = 0; i < node.input_count(); ++i)
    operands.push_back(node.in(i).id());
  node.give(node.var(node.builder().create(op, std::move(operands))));
}

// The same numbers in another dtype.
[[nodiscard]] Var cast_to(const Var& x, ir::DType dtype);
// 0, 1, 2 … along one dimension of a value of `rank` dimensions, 1 elsewhere.
[[nodiscard]] Var iota(OnnxNode& node, ir::DType dtype, int64_t count, size_t dim, size_t rank);
// `op` (sum, mean, amax, amin, prod) over these dimensions.
[[nodiscard]] Var reduced(const ir::OpDef& op, const Var& x, ir::Ints dims, bool keepdim);
// Elements at fixed positions along a dimension.
[[nodiscard]] Var picked(OnnxNode& node, const Var& x, const ir::Ints& positions, size_t dim);
// Row-major places (i64) in a tensor of this shape of computed positions along a dimension, each at
// its own place along the others; negative ones count from the end.
[[nodiscard]] Var places_along(OnnxNode& node, const ir::Shape& shape, const Var& index,
                               size_t dim);
// Elements at computed positions along a dimension, each at its own place along the others;
// negative ones count from the end (GatherElements-13).
[[nodiscard]] Var taken_along(OnnxNode& node, const Var& x, const Var& index, size_t dim);
[[nodiscard]] Var concatenated(const std::vector<Var>& parts, size_t dim);
[[nodiscard]] Var broadcast_to(const Var& x, const ir::Shape& shape);
// A dimension of size 1 more, or one less.
[[nodiscard]] Var unsqueezed(const Var& x, size_t dim);
[[nodiscard]] Var squeezed(const Var& x, size_t dim);
// From dimension `dim` on; the product of sizes from `begin` to `end`.
[[nodiscard]] int64_t product(const ir::Shape& shape, size_t begin, size_t end);
// [C] as [C, 1, 1, …] for a value of `rank` dimensions [N, C, …].
[[nodiscard]] Var by_channel(const Var& x, size_t rank);
[[nodiscard]] Var minimum(const Var& a, const Var& b);
[[nodiscard]] Var maximum(const Var& a, const Var& b);
[[nodiscard]] Var exp(const Var& x);
[[nodiscard]] Var log(const Var& x);
[[nodiscard]] Var sqrt(const Var& x);
[[nodiscard]] Var tanh(const Var& x);
[[nodiscard]] Var sigmoid(const Var& x);
// log(1 + exp(x)) without overflow: max(x, 0) + log(1 + exp(-|x|)).
[[nodiscard]] Var softplus(const Var& x);
[[nodiscard]] Var softsign(const Var& x);
// x where it is above the threshold, else 0.
[[nodiscard]] Var thresholded_relu(const Var& x, double threshold);
// max(0, min(1, slope · x + at_zero))
[[nodiscard]] Var hard_sigmoid(const Var& x, double slope, double at_zero);
// Smallest and largest number of an integer dtype.
[[nodiscard]] std::pair<double, double> range_of(ir::DType dtype);

}  // namespace linnet::frontend
