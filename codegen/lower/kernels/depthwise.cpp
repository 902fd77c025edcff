// depthwise{lanes, pixels, vectors}: a convolution whose groups are too small to fill a vector.
//   acc(o, x, y) = Σ over c, ky, kx of
//                  weight(o, kx, ky, c) · input(x·s + kx·d, y·s + ky·d, group(o)·C + c)
// A vector is neighbouring channels, of as many groups as it takes; pixels stay in registers and
// share the taps' weights. Padding is the picture's halo, whose zeros lie before row and column 0,
// or a copy before: conditions on taps made Halide cut the loops into so many cases that one kernel
// took longer than a minute to compile.
#include "passes/schedule/depthwise.h"
#include "codegen/lower/families.h"
#include "codegen/lower/kernels/shared/picture_output.h"
#include "codegen/lower/kernels/shared/unrolling.h"
#include "ir/ops/shared/window.h"

namespace linnet::codegen {

using Halide::Expr;
using Halide::Func;
using Halide::Var;

std::vector<Func> depthwise_kernel(Lowering& lowering, const ir::Schedule& schedule) {
  const auto numbers = passes::numbers<passes::Depthwise>(schedule);
  const ir::Node& conv = anchor_of(lowering.graph());
  const ir::Shape& w = lowering.operand_type(conv, 1).shape;
  const auto [rows, columns] = *ir::windows(conv.attrs, {w[2], w[3]});
  const int lanes = static_cast<int>(numbers.lanes);
  const int pixels = static_cast<int>(numbers.pixels);
  const int vectors = static_cast<int>(numbers.vectors);
  const int groups = static_cast<int>(conv.attrs.get(ir::Key<int64_t>{"groups"}));
  const int outputs = static_cast<int>(w[0]) / groups;

  Func acc("acc");
  Var o("o"), x("x"), y("y"), n("n");
  Halide::RDom r(0, static_cast<int>(w[3]), 0, static_cast<int>(w[2]), 0, static_cast<int>(w[1]),
                 "r");
  const Expr row = y * static_cast<int>(rows.stride) + r.y * static_cast<int>(rows.dilation) -
                   static_cast<int>(rows.before);
  const Expr column = x * static_cast<int>(columns.stride) +
                      r.x * static_cast<int>(columns.dilation) - static_cast<int>(columns.before);
  const Expr channel =
      w[1] == 1 && outputs == 1 ? Expr(o) : o / outputs * static_cast<int>(w[1]) + r.z;
  acc(o, x, y, n) = 0.0F;
  acc(o, x, y, n) += lowering.at(conv.operands[0], {n, channel, row, column}) *
                     lowering.at(conv.operands[1], {o, r.z, r.y, r.x});

  PictureOutput out(lowering, 1);
  lowering.define(conv.results.front(),
                  [&](const Position& p) { return acc(p[1], p[3], p[2], p[0]); });
  Func func = out.define(lowering);
  Var xi("xi"), vector("vector"), lane("lane");
  // A column of tiles, of as many channels as `vectors` have, from the first row to the last: what
  // rows of taps share is then in the first cache, where all channels of a few rows are not. All
  // channels before the next row take 1.9x at 14 × 14, 1.5x at 56 × 56, 1.3x for 5 × 5 taps at 28 ×
  // 28, 1.1x with stride 2 at 112 × 112; two rows of pixels in registers 1.2x (384, 144, 192 and 96
  // channels, Zen 5).
  func.split(out.x, out.x, xi, pixels, Halide::TailStrategy::ShiftInwards)
      .split(out.channel, out.channel, lane, lanes, Halide::TailStrategy::ShiftInwards)
      .split(out.channel, out.channel, vector, vectors, Halide::TailStrategy::GuardWithIf)
      .reorder({lane, xi, vector, out.y, out.channel, out.x, out.group, out.n})
      .vectorize(lane)
      .unroll(xi);
  acc.compute_at(func, vector).store_in(Halide::MemoryType::Stack);
  acc.bound_extent(o, lanes).vectorize(o).unroll(x).unroll(y);
  acc.update().reorder(o, x, r.x, r.y, r.z, y, n).vectorize(o).unroll(x).unroll(y);
  if (w[3] <= kMostUnrolledTaps) acc.update().unroll(r.x);
  if (w[2] * w[3] <= kMostUnrolledWindow) acc.update().unroll(r.y);
  return {func};
}

}  // namespace linnet::codegen
