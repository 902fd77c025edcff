// NonMaxSuppression with as many rows as there can be: what is not needed is filled.
#include "frontend/onnx/ops/onnx_ops.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

namespace linnet::frontend {
namespace {

namespace ops = ir::ops;
using ir::DType;
using ir::Ints;
using ir::Shape;

constexpr int64_t kMostRounds = 512;

// Corners and areas of boxes, [batch, boxes, 1] each.
struct Boxes {
  Var low_x, low_y, high_x, high_y, area;
};

Boxes corners_of(const Var& boxes, bool centres) {
  const auto number = [&](int64_t i) { return sliced(boxes, 2, i, 1); };
  Boxes b;
  if (centres) {  // x, y, width, height
    const Var half_width = number(2) / 2, half_height = number(3) / 2;
    b = {number(0) - half_width,
         number(1) - half_height,
         number(0) + half_width,
         number(1) + half_height,
         {}};
  } else {  // y, x, y, x of two corners, in any order
    b = {minimum(number(1), number(3)),
         minimum(number(0), number(2)),
         maximum(number(1), number(3)),
         maximum(number(0), number(2)),
         {}};
  }
  b.area = (b.high_x - b.low_x) * (b.high_y - b.low_y);
  return b;
}

// Does the intersection of a chosen box [batch, classes, 1] with each of the others [batch, 1,
// boxes] make up more than `threshold` of their union?
Var overlaps(const Boxes& chosen, const Boxes& all, const Var& threshold) {
  const auto length = [](const Var& low_a, const Var& high_a, const Var& low_b, const Var& high_b) {
    const Var l = minimum(high_a, high_b) - maximum(low_a, low_b);
    return maximum(l, l.splat(0));
  };
  const Var both = length(chosen.low_x, chosen.high_x, all.low_x, all.high_x) *
                   length(chosen.low_y, chosen.high_y, all.low_y, all.high_y);
  const Var united = chosen.area + all.area - both;
  const Var some = apply(ops::logical_and, apply(ops::gt, both, both.splat(0)),
                         apply(ops::gt, united, united.splat(0)));
  const Var share = both / select(some, united, united.splat(1));
  return apply(ops::logical_and, some, apply(ops::gt, share, threshold));
}

// A threshold, which a run may know only.
Var threshold_of(OnnxNode& node, size_t i, DType dtype) {
  const Var given = node.in(i, InitializerUse::kConstant);
  if (given.type().elements() != 1)
    node.wrong(fmt::format("a threshold must be one number, not {}", to_string(given.shape())));
  return cast_to(reshaped(given, {}), dtype);
}

// Rows (batch, class, box) of what was found, those of one list [B · C] behind those before it,
// then rows of -1. `boxes` and `found` are [B, C, rounds].
Var in_rows(OnnxNode& node, const Var& boxes, const Var& found) {
  const Shape shape = found.shape();
  const int64_t batch = shape[0], classes = shape[1], rounds = shape[2];
  const int64_t lists = batch * classes, rows = lists * rounds;
  // Of each list [B · C] the first few are found: they move up to those of the list before.
  const Var hit = reshaped(found, {lists, rounds});
  const Var counts = reduced(ops::sum, cast_to(hit, DType::kI64), {1}, false);  // [lists]
  const Var before =
      apply(ops::lt, iota(node, DType::kI64, lists, 1, 2), iota(node, DType::kI64, lists, 0, 2));
  const Var offsets =
      reduced(ops::sum, select(before, reshaped(counts, {1, lists}), counts.splat(0)), {1}, true);
  const Var to = offsets + iota(node, DType::kI64, rounds, 1, 2);
  const Var where = select(hit, to, to.splat(static_cast<double>(rows)));  // the last is cut off
  const Shape each{batch, classes, rounds, 1};
  const auto part = [&](const Var& v) { return broadcast_to(v, each); };
  const Var box = cast_to(reshaped(boxes, each), DType::kI64);
  const Var selected = concatenated({part(iota(node, DType::kI64, batch, 0, 4)),
                                     part(iota(node, DType::kI64, classes, 1, 4)), box},
                                    3);
  const Var filled = node.literal(ir::Tensor::splat({DType::kI64, {rows + 1, 3}, {}}, -1));
  const Var out =
      node.var(node.builder().create(ops::scatter, {filled.id(), reshaped(where, {rows}).id(),
                                                    reshaped(selected, {rows, 3}).id()}));
  return sliced(out, 0, 0, rows);
}

// NonMaxSuppression-11: boxes [B,N,4], scores [B,C,N]. Rows (batch, class, box) as ONNX has them,
// in its order, then rows of -1 up to B · C · min(max_output_boxes_per_class, N).
void non_max_suppression(OnnxNode& node) {
  const Var boxes = node.in(0), scores = node.in(1);
  const Shape b = boxes.shape(), s = scores.shape();
  if (b.size() != 3 || s.size() != 3 || b[2] != 4 || b[0] != s[0] || b[1] != s[2])
    node.wrong(
        fmt::format("boxes {} must be [B,N,4], and scores {} [B,C,N]", to_string(b), to_string(s)));
  const int64_t batch = s[0], classes = s[1], count = s[2];
  const int64_t most =
      node.has(2) ? std::max<int64_t>(node.integer(2, "max_output_boxes_per_class"), 0) : 0;
  const int64_t rounds = std::min(most, count);
  if (rounds > kMostRounds) {
    node.unsupported(
        fmt::format("{} boxes a class are not supported (at most {})", rounds, kMostRounds),
        "each is a round of comparisons: set max_output_boxes_per_class lower");
  }
  if (batch * classes * rounds == 0)
    return node.give(node.literal(ir::Tensor({DType::kI64, {0, 3}, {}}, {})));

  const DType dtype = scores.type().dtype;
  const Boxes columns = corners_of(cast_to(boxes, dtype), node.flag("center_point_box", false));
  const auto across = [&](const Var& v) { return reshaped(v, {batch, 1, count}); };
  const Boxes all{across(columns.low_x), across(columns.low_y), across(columns.high_x),
                  across(columns.high_y), across(columns.area)};
  // One row for each box: what a chosen one is taken from.
  const Var table = reshaped(
      concatenated({columns.low_x, columns.low_y, columns.high_x, columns.high_y, columns.area}, 2),
      {batch * count, 5});
  const Var threshold = node.has(3) ? threshold_of(node, 3, dtype) : node.literal(dtype, 0);
  const Var none = scores.splat(-std::numeric_limits<double>::infinity());
  Var alive = scores;
  if (node.has(4))
    alive = select(apply(ops::gt, scores, threshold_of(node, 4, dtype)), scores, none);

  const Var places = iota(node, DType::kI32, count, 2, 3);
  const Var first = iota(node, DType::kI32, batch, 0, 3) * static_cast<double>(count);
  std::vector<Var> indices, found;
  for (int64_t round = 0; round < rounds; ++round) {
    // The best that is left; of equal ones the first.
    const Var best = reduced(ops::amax, alive, {2}, true);
    const Var here =
        select(apply(ops::eq, alive, best), places, places.splat(static_cast<double>(count - 1)));
    const Var index = reduced(ops::amin, here, {2}, true);  // [B, C, 1]
    indices.push_back(index);
    found.push_back(apply(ops::gt, best, none));
    if (round + 1 == rounds) break;
    const Var row = apply(ops::gather, table, index + first);  // [B, C, 1, 5]
    const auto number = [&](int64_t i) {
      return reshaped(sliced(row, 3, i, 1), {batch, classes, 1});
    };
    const Boxes chosen{number(0), number(1), number(2), number(3), number(4)};
    const Var gone =
        apply(ops::logical_or, overlaps(chosen, all, threshold), apply(ops::eq, places, index));
    alive = select(gone, none, alive);
  }

  node.give(in_rows(node, concatenated(indices, 2), concatenated(found, 2)));
}

constexpr std::array kOnnxOps = std::to_array<OnnxOp>({
    {"NonMaxSuppression", non_max_suppression},
});

}  // namespace

std::span<const OnnxOp> suppression_ops() {
  return kOnnxOps;
}

}  // namespace linnet::frontend
