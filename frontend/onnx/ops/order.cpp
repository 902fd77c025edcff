// Positions of extremes, the largest few, running sums. All are made of comparisons and sums of
// existing ops: no kernel of their own, and gradients for free.
#include "frontend/onnx/ops/onnx_ops.h"

#include <fmt/format.h>

#include <array>
#include <limits>

namespace linnet::frontend {
namespace {

namespace ops = ir::ops;
using ir::DType;

// ArgMax-13: the first position (or the last) where the element equals the extreme. NaN counts as
// the extreme, as in numpy.
template <const ir::OpDef& extreme> void arg_extreme(OnnxNode& node) {
  const Var x = node.in(0);
  const size_t rank = x.type().rank();
  const size_t dim = node.axis(node.integer("axis", 0), rank);
  const int64_t size = x.shape()[dim];
  const bool last = node.flag("select_last_index", false);
  const ir::Ints dims{static_cast<int64_t>(dim)};
  if (size == 0) node.wrong(fmt::format("dimension {} is empty", dim));
  const Var best = reduced(extreme, x, dims, true);
  const Var hit =
      apply(ops::logical_or, apply(ops::eq, x, best), apply(ops::eq, x, x).apply(ops::logical_not));
  const Var at = iota(node, DType::kI64, size, dim, rank);
  const Var none = at.splat(last ? -1 : static_cast<double>(size));
  const Var positions = select(hit, at, none);
  node.give(reduced(last ? ops::amax : ops::amin, positions, dims, node.flag("keepdims", true)));
}

// TopK-11 by ranks: an element's rank is the number of those before it in the order, of equal ones
// those to its left. n² comparisons, without a branch.
void top_k(OnnxNode& node) {
  const Var x = node.in(0);
  const size_t rank = x.type().rank();
  const size_t dim = node.axis(node.integer("axis", -1), rank);
  const int64_t size = x.shape()[dim];
  const int64_t count = node.has(1) ? node.integer(1, "k") : node.integer("k", 1);
  const bool largest = node.flag("largest", true);
  constexpr int64_t kMostSize = 8192;
  if (count < 0 || count > size) node.wrong(fmt::format("k is {}, of {} elements", count, size));
  if (rank + 1 > ir::kMaxRank || size > kMostSize) {
    node.unsupported(
        fmt::format("TopK of {} elements is not supported (at most {})", size, kMostSize));
  }
  // x along `dim` as it is, and along a further dimension behind: [..., n, 1] and [..., 1, n].
  const auto spread = [&](const Var& value, bool behind) {
    std::vector<int64_t> order;
    for (size_t i = 0; i < rank; ++i) {
      if (i != dim) order.push_back(static_cast<int64_t>(i));
    }
    order.push_back(static_cast<int64_t>(dim));
    Var last = transposed(value, order);
    return unsqueezed(last, behind ? rank - 1 : rank);
  };
  const Var mine = spread(x, false), other = spread(x, true);
  Var ahead = apply(largest ? ops::gt : ops::lt, other, mine);
  Var equal = apply(ops::eq, other, mine);
  if (is_float(x.type().dtype)) {
    // NaN is the largest of all, as numpy sorts it.
    const Var mine_nan = mine.apply(ops::is_nan), other_nan = other.apply(ops::is_nan);
    const Var& first = largest ? other_nan : mine_nan;
    const Var& second = largest ? mine_nan : other_nan;
    ahead = apply(ops::logical_or, ahead,
                  apply(ops::logical_and, first, second.apply(ops::logical_not)));
    equal = apply(ops::logical_or, equal, apply(ops::logical_and, mine_nan, other_nan));
  }
  const Var row = iota(node, DType::kI32, size, rank - 1, rank + 1);
  const Var column = iota(node, DType::kI32, size, rank, rank + 1);
  const Var before =
      apply(ops::logical_or, ahead, apply(ops::logical_and, equal, apply(ops::lt, column, row)));
  const Var ranks = reduced(ops::sum, cast_to(before, DType::kI32), {static_cast<int64_t>(rank)},
                            true);  // [..., n, 1]
  const Var wanted = iota(node, DType::kI32, count, rank, rank + 1);
  const Var chosen = apply(ops::eq, ranks, wanted);  // [..., n, k]
  const ir::Ints over{static_cast<int64_t>(rank - 1)};
  const bool floats = is_float(x.type().dtype);
  const double least =
      floats ? -std::numeric_limits<double>::infinity() : range_of(x.type().dtype).first;
  const Var values = reduced(ops::amax, select(chosen, mine, mine.splat(least)), over, false);
  const Var wide = cast_to(row, DType::kI64);
  const Var indices = reduced(ops::sum, select(chosen, wide, wide.splat(0)), over, false);
  std::vector<int64_t> back;
  for (size_t i = 0; i < rank; ++i)
    back.push_back(static_cast<int64_t>(i < dim ? i : i == dim ? rank - 1 : i - 1));
  node.give(0, transposed(values, back));
  node.give(1, transposed(indices, back));
}

// CumSum-14 by doubling: after step s every element holds the sum of the 2^s before it and itself
// (Hillis and Steele, 1986).
void cum_sum(OnnxNode& node) {
  Var x = node.in(0);
  const size_t rank = x.type().rank();
  const size_t dim = node.axis(node.integer(1, "axis"), rank);
  const int64_t size = x.shape()[dim];
  const bool reverse = node.flag("reverse", false);
  // The same moved by some places along the dimension, zeros where nothing comes from.
  const auto moved = [&](const Var& value, int64_t places) {
    ir::Ints pads(2 * rank, 0);
    pads[reverse ? dim + rank : dim] = places;
    const Var part = sliced(value, dim, reverse ? places : 0, size - places);
    return padded(part, pads);
  };
  if (size > 0 && node.flag("exclusive", false)) x = moved(x, 1);
  for (int64_t places = 1; places < size; places *= 2)
    x = x + moved(x, places);
  node.give(x);
}

constexpr std::array kOnnxOps = std::to_array<OnnxOp>({
    {"ArgMax", arg_extreme<ops::amax>},
    {"ArgMin", arg_extreme<ops::amin>},
    {"CumSum", cum_sum},
    {"TopK", top_k},
});

}  // namespace

std::span<const OnnxOp> order_ops() {
  return kOnnxOps;
}

}  // namespace linnet::frontend
