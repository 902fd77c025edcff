// pixel_rows{lanes, channels, rows}: a convolution of few output channels.
//   acc(x, dy, o) = Σ over c, ky, kx of weight(o, c, ky, kx) · input(x + kx, y + dy + ky, c)
// A vector is a piece of a row of pixels; channels × rows stay in registers, so that a vector of
// pixels serves all of these channels and a weight all rows. The input of a sample is copied with
// zeros around its rows, or read where it lies if it has no padding and is large; taps that fall
// above or below the picture for all of these rows are left out: without that the gradient of LeNet
// conv2's input, which pads by 4, takes 1.27x (Zen 5).
#include "passes/schedule/pixel_rows.h"
#include "codegen/lower/families.h"
#include "codegen/lower/kernels/shared/padded_input.h"
#include "codegen/lower/kernels/shared/unrolling.h"
#include "ir/ops/shared/window.h"

#include <optional>

namespace linnet::codegen {

using Halide::Expr;
using Halide::Func;
using Halide::TailStrategy;
using Halide::Var;

std::vector<Func> pixel_rows_kernel(Lowering& lowering, const ir::Schedule& schedule) {
  const auto numbers = passes::numbers<passes::PixelRows>(schedule);
  const ir::Node& conv = anchor_of(lowering.graph());
  const ir::Shape& w = lowering.operand_type(conv, 1).shape;
  auto [rows, columns] = *ir::windows(conv.attrs, {w[2], w[3]});
  const int lanes = static_cast<int>(numbers.lanes);
  const int channels = static_cast<int>(numbers.channels);
  const int ty = static_cast<int>(numbers.rows);
  const int height = static_cast<int>(lowering.operand_type(conv, 0).shape[2]);
  const int top = static_cast<int>(rows.before);
  const bool trimmed = rows.before + rows.after != 0;
  // Rows of zeros that some of ty rows may read beside rows of the picture.
  const int spare = trimmed ? ty - 1 : 0;
  rows.before = rows.after = spare;
  const bool in_place = numbers.in_place(lowering.graph());
  std::optional<PaddedInput> padded;
  if (!in_place) padded.emplace(lowering, conv.operands[0], rows, columns);
  const auto pixel = [&](const Expr& x, const Expr& y, const Expr& c, const Expr& n) {
    return in_place ? lowering.at(conv.operands[0], {n, c, y, x}) : padded->func(x, y, c, n);
  };

  Func acc("acc");
  Var x("x"), dy("dy"), y("y"), o("o"), n("n");
  Halide::RDom r(0, static_cast<int>(w[3]), 0, static_cast<int>(w[2]), 0, static_cast<int>(w[1]),
                 "r");
  const Expr first = y * ty + r.y - top;  // row of the input that the first of ty rows reads
  if (trimmed) r.where(first > -ty && first < height);
  const Expr row = Halide::clamp(first + spare, 0, height + 2 * spare - ty) + dy;
  acc(x, dy, y, o, n) = 0.0F;
  acc(x, dy, y, o, n) +=
      pixel(x + r.x, row, r.z, n) * lowering.at(conv.operands[1], {o, r.z, r.y, r.x});
  lowering.define(conv.results.front(),
                  [&](const Position& p) { return acc(p[3], p[2] % ty, p[2] / ty, p[1], p[0]); });

  Func out = lowering.output(0);
  const std::vector<Var> args = out.args();  // column, row, channel, sample
  const std::vector<int> extents =
      physical_extents(lowering.type(lowering.graph().outputs[0].value));
  bound_extents(out, extents);
  Var lane("lane"), yi("yi"), ci("ci");
  out.split(args[0], args[0], lane, lanes,
            extents[0] < lanes ? TailStrategy::GuardWithIf : TailStrategy::ShiftInwards)
      .split(args[1], args[1], yi, ty)
      .split(args[2], args[2], ci, channels)
      .reorder(lane, yi, ci, args[0], args[1], args[2], args[3])
      .vectorize(lane)
      .unroll(yi)
      .unroll(ci);
  // Taps of a row in code move nothing (0.98x to 1.00x for a loop), all of the window takes up
  // to 1.58x; zeros in vectors of 8 instead of 4 move nothing (Zen 5).
  if (padded) padded->schedule(out, args[3], 4);
  acc.compute_at(out, args[0]).store_in(Halide::MemoryType::Stack);
  acc.bound_extent(x, lanes).bound(dy, 0, ty).vectorize(x).unroll(dy).unroll(o);
  acc.update().reorder(x, dy, o, r.x, r.y, r.z).vectorize(x).unroll(dy).unroll(o);
  if (w[3] <= kMostUnrolledTaps) acc.update().unroll(r.x);
  return {out};
}

}  // namespace linnet::codegen
