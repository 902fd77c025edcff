// Reductions; axes are an attribute in old versions, an input in new ones.
#include "frontend/onnx/ops/onnx_ops.h"

#include <array>
#include <limits>
#include <numeric>

namespace linnet::frontend {
namespace {

namespace ops = ir::ops;

struct Reduction {
  Var x;
  ir::Ints dims;
  bool keepdims = true;
  bool nothing = false;  // no axes, and that means none
};

Reduction reduction(OnnxNode& node) {
  Reduction r;
  r.x = node.in(0);
  r.keepdims = node.flag("keepdims", true);
  const size_t rank = r.x.type().rank();
  const ir::Ints axes = node.has(1) ? node.ints(1, "axes") : node.ints("axes");
  for (int64_t axis : axes)
    r.dims.push_back(static_cast<int64_t>(node.axis(axis, rank)));
  if (axes.empty()) {
    r.nothing = node.flag("noop_with_empty_axes", false);
    if (!r.nothing) {
      r.dims.resize(rank);
      std::iota(r.dims.begin(), r.dims.end(), 0);
    }
  }
  return r;
}

Var over(const ir::OpDef& op, const Reduction& r) {
  return reduced(op, r.x, r.dims, r.keepdims);
}

// ReduceSum-13 and its like; bool is reduced as 0 and 1.
template <const ir::OpDef& op> void reduce(OnnxNode& node) {
  Reduction r = reduction(node);
  const ir::DType dtype = r.x.type().dtype;
  if (dtype == ir::DType::kBool) r.x = cast_to(r.x, ir::DType::kU8);
  node.give(cast_to(over(op, r), dtype));
}
void reduce_mean(OnnxNode& node) {
  Reduction r = reduction(node);
  const ir::DType dtype = r.x.type().dtype;
  if (is_float(dtype)) return node.give(over(ops::mean, r));
  // Integers: the sum over the count, toward zero.
  int64_t count = 1;
  for (int64_t dim : r.dims)
    count *= r.x.shape()[static_cast<size_t>(dim)];
  const Var sum = over(ops::sum, r);
  node.give(sum / sum.splat(static_cast<double>(count)));
}
void reduce_l1(OnnxNode& node) {
  Reduction r = reduction(node);
  r.x = r.x.apply(ops::abs);
  node.give(over(ops::sum, r));
}
// Integers by way of f64, toward zero.
Var as_float(const Var& x) {
  return is_float(x.type().dtype) ? x : cast_to(x, ir::DType::kF64);
}
void reduce_l2(OnnxNode& node) {
  Reduction r = reduction(node);
  const ir::DType dtype = r.x.type().dtype;
  r.x = as_float(r.x);
  r.x = r.x * r.x;
  node.give(cast_to(sqrt(over(ops::sum, r)), dtype));
}
void reduce_sum_square(OnnxNode& node) {
  Reduction r = reduction(node);
  r.x = r.x * r.x;
  node.give(over(ops::sum, r));
}
void reduce_log_sum(OnnxNode& node) {
  Reduction r = reduction(node);
  const ir::DType dtype = r.x.type().dtype;
  r.x = as_float(r.x);
  node.give(cast_to(log(over(ops::sum, r)), dtype));
}
// max + log(sum(exp(x - max))); a maximum that is not finite is left out of the difference.
void reduce_log_sum_exp(OnnxNode& node) {
  Reduction r = reduction(node);
  const ir::DType dtype = r.x.type().dtype;
  r.x = as_float(r.x);
  if (r.dims.empty()) return node.give(cast_to(log(exp(r.x)), dtype));
  const Var largest = reduced(ops::amax, r.x, r.dims, true);
  const Var finite = apply(ops::lt, largest.apply(ops::abs),
                           largest.splat(std::numeric_limits<double>::infinity()));
  const Var shift = select(finite, largest, largest.splat(0));
  r.x = exp(r.x - shift);
  const Var total = log(over(ops::sum, r));
  node.give(cast_to(total + reshaped(shift, total.shape()), dtype));
}

constexpr std::array kOnnxOps = std::to_array<OnnxOp>({
    {"ReduceL1", reduce_l1},
    {"ReduceL2", reduce_l2},
    {"ReduceLogSum", reduce_log_sum},
    {"ReduceLogSumExp", reduce_log_sum_exp},
    {"ReduceMax", reduce<ops::amax>},
    {"ReduceMean", reduce_mean},
    {"ReduceMin", reduce<ops::amin>},
    {"ReduceProd", reduce<ops::prod>},
    {"ReduceSum", reduce<ops::sum>},
    {"ReduceSumSquare", reduce_sum_square},
});

}  // namespace

std::span<const OnnxOp> reduction_ops() {
  return kOnnxOps;
}

}  // namespace linnet::frontend
