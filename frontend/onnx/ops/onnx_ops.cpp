// Joins the tables of all files into one by name; small graphs that many rows need.
#include "frontend/onnx/ops/onnx_ops.h"

#include "ir/scalar_math.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>

namespace linnet::frontend {
namespace {

using Table = std::map<std::pair<std::string_view, std::string_view>, const OnnxOp*>;

// By domain and name.
const Table& table() {
  static const Table kTable = [] {
    Table rows;
    for (const std::span<const OnnxOp> part :
         {elementwise_ops(), activation_ops(),   reduction_ops(), order_ops(),
          shape_ops(),       selection_ops(),    constant_ops(),  convolution_ops(),
          pool_ops(),        matmul_ops(),       einsum_ops(),    normalization_ops(),
          resize_ops(),      grid_sample_ops(),  recurrent_ops(), loss_ops(),
          optimizer_ops(),   quantization_ops(), microsoft_ops(), fourier_ops(),
          suppression_ops(), control_ops()}) {
      for (const OnnxOp& row : part)
        LINNET_CHECK(rows.emplace(std::pair(row.domain, row.name), &row).second,
                     std::string(row.name) + " has two rows");
    }
    return rows;
  }();
  return kTable;
}

}  // namespace

const OnnxOp* find_onnx_op(std::string_view name, std::string_view domain) {
  const auto at = table().find({domain, name});
  return at == table().end() ? nullptr : at->second;
}

std::vector<std::string> onnx_op_names(std::string_view domain) {
  std::vector<std::string> names;
  for (const auto& [key, row] : table()) {
    if (key.first == domain) names.emplace_back(key.second);
  }
  return names;
}

Var cast_to(const Var& x, ir::DType dtype) {
  return x.type().dtype == dtype ? x : x.apply(ir::ops::cast, {{"dtype", dtype}});
}

Var iota(OnnxNode& node, ir::DType dtype, int64_t count, size_t dim, size_t rank) {
  constexpr int64_t kMostNumbers = 1 << 26;
  if (count > kMostNumbers)
    node.unsupported("counting to " + std::to_string(count) + " is not supported");
  std::vector<double> numbers(static_cast<size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 0.0);
  ir::Shape shape(rank, 1);
  shape[dim] = count;
  return node.literal(dtype, shape, numbers);
}

Var reduced(const ir::OpDef& op, const Var& x, ir::Ints dims, bool keepdim) {
  // No dimensions would mean all of them.
  if (dims.empty()) return x;
  return x.apply(op, {{"dim", std::move(dims)}, {"keepdim", keepdim}});
}

Var picked(OnnxNode& node, const Var& x, const ir::Ints& positions, size_t dim) {
  return apply(ir::ops::gather, x, node.literal(positions), {{"dim", static_cast<int64_t>(dim)}});
}

Var places_along(OnnxNode& node, const ir::Shape& shape, const Var& index, size_t dim) {
  const auto strides = ir::row_major_strides(shape);
  const Var wide = cast_to(index, ir::DType::kI64);
  const Var size = wide.splat(static_cast<double>(shape[dim]));
  const Var wrapped = select(apply(ir::ops::lt, wide, wide.splat(0)), wide + size, wide);
  Var at = wrapped * static_cast<double>(strides[dim]);
  for (size_t other = 0; other < shape.size(); ++other) {
    if (other == dim) continue;
    const Var place = iota(node, ir::DType::kI64, index.shape()[other], other, shape.size());
    at = at + place * static_cast<double>(strides[other]);
  }
  return at;
}

Var taken_along(OnnxNode& node, const Var& x, const Var& index, size_t dim) {
  return apply(ir::ops::gather, reshaped(x, {x.type().elements()}),
               places_along(node, x.shape(), index, dim));
}

Var concatenated(const std::vector<Var>& parts, size_t dim) {
  if (parts.size() == 1) return parts.front();
  std::vector<ir::ValueId> operands;
  for (const Var& part : parts)
    operands.push_back(part.id());
  ir::Builder& b = parts.front().builder();
  return {b, b.create(ir::ops::concat, std::move(operands), {{"dim", static_cast<int64_t>(dim)}})};
}

Var broadcast_to(const Var& x, const ir::Shape& shape) {
  return x.shape() == shape ? x : x.apply(ir::ops::broadcast_to, {{"shape", ir::Ints(shape)}});
}

Var unsqueezed(const Var& x, size_t dim) {
  ir::Shape shape = x.shape();
  shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(dim), 1);
  return reshaped(x, shape);
}

Var squeezed(const Var& x, size_t dim) {
  ir::Shape shape = x.shape();
  shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(dim));
  return reshaped(x, shape);
}

int64_t product(const ir::Shape& shape, size_t begin, size_t end) {
  return std::accumulate(shape.begin() + static_cast<std::ptrdiff_t>(begin),
                         shape.begin() + static_cast<std::ptrdiff_t>(end), int64_t{1},
                         std::multiplies<>());
}

Var by_channel(const Var& x, size_t rank) {
  ir::Shape shape(rank - 1, 1);
  shape[0] = x.type().elements();
  return reshaped(x, shape);
}

Var minimum(const Var& a, const Var& b) {
  return apply(ir::ops::minimum, a, b);
}
Var maximum(const Var& a, const Var& b) {
  return apply(ir::ops::maximum, a, b);
}
Var exp(const Var& x) {
  return x.apply(ir::ops::exp);
}
Var log(const Var& x) {
  return x.apply(ir::ops::log);
}
Var sqrt(const Var& x) {
  return x.apply(ir::ops::sqrt);
}
Var tanh(const Var& x) {
  return x.apply(ir::ops::tanh);
}
Var sigmoid(const Var& x) {
  return x.apply(ir::ops::sigmoid);
}
Var softplus(const Var& x) {
  // Where 1 + e would lose e, log(1 + e) is e − e²/2.
  const Var e = exp(-x.apply(ir::ops::abs));
  const Var small = apply(ir::ops::lt, e, e.splat(1e-4));
  const Var tail = select(small, e - e * e / 2, log(e + e.splat(1)));
  return maximum(x, x.splat(0)) + tail;
}

Var softsign(const Var& x) {
  return x / (x.apply(ir::ops::abs) + x.splat(1));
}
Var thresholded_relu(const Var& x, double threshold) {
  return select(apply(ir::ops::gt, x, x.splat(threshold)), x, x.splat(0));
}
Var hard_sigmoid(const Var& x, double slope, double at_zero) {
  return (x * slope + x.splat(at_zero)).apply(ir::ops::clip, {{"min", 0.0}, {"max", 1.0}});
}

std::pair<double, double> range_of(ir::DType dtype) {
  return {static_cast<double>(ir::scalar::least_integer(dtype)),
          static_cast<double>(ir::scalar::greatest_integer(dtype))};
}

}  // namespace linnet::frontend
