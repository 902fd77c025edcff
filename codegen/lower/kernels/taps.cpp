// taps{lanes, channels}: the gradient of a convolution's weight, or any convolution whose window is
// larger than its result.
//   picture(l, kx, o, ky; n) = Σ over y, t of weight(o, n, y, t·lanes + l) · input(n, y + ky,
//   t·lanes + l + kx)
// A vector is a piece of a row of the window; channels × all columns kx of the result stay in
// registers for one row ky of the result and one channel n (which is a sample, in a gradient), and
// are added to the sums of all so far. The lanes of these are summed at the end.
#include "passes/schedule/taps.h"
#include "codegen/lower/families.h"
#include "codegen/lower/kernels/shared/lane_tiles.h"
#include "codegen/lower/kernels/shared/unrolling.h"
#include "ir/ops/shared/window.h"

namespace linnet::codegen {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

std::vector<Func> taps_kernel(Lowering& lowering, const ir::Schedule& schedule) {
  const auto numbers = passes::numbers<passes::Taps>(schedule);
  const ir::Node& conv = anchor_of(lowering.graph());
  const ir::Shape& w = lowering.operand_type(conv, 1).shape;
  const auto [rows, columns] = *ir::windows(conv.attrs, {w[2], w[3]});
  const int lanes = static_cast<int>(numbers.lanes);
  const int channels = static_cast<int>(numbers.channels);
  const ir::Shape& result = lowering.type(conv.results.front()).shape;
  const LaneTiles tiles(static_cast<int>(w[3]), lanes);

  Var l("l"), kx("kx"), o("o"), ky("ky"), b("b"), c("c"), n("n");
  Func picture("picture"), sum("sum");
  RDom r(0, tiles.count, 0, static_cast<int>(w[2]), "r");
  const Expr at = tiles.position(r.x, l);
  const Expr row = ky * static_cast<int>(rows.stride) + r.y * static_cast<int>(rows.dilation);
  // Both factors are 0 where a lane does not count, so that no infinity in it becomes NaN.
  picture(l, kx, o, ky, b, c, n) = 0.0F;
  picture(l, kx, o, ky, b, c, n) +=
      tiles.counted(r.x, l, lowering.at(conv.operands[1], {b * channels + o, n, r.y, at})) *
      tiles.counted(r.x, l, lowering.at(conv.operands[0], {c, n, row, at + kx}));
  RDom samples(0, static_cast<int>(w[1]), "samples");
  sum(l, kx, o, ky, b, c) = 0.0F;
  sum(l, kx, o, ky, b, c) += picture(l, kx, o, ky, b, c, samples);
  lowering.define(conv.results.front(), [&](const Position& p) {
    return sum_of_lanes(lanes, [&](int lane) {
      return sum(lane, p[3], p[1] % channels, p[2], p[1] / channels, p[0]);
    });
  });

  Func out = lowering.output(0);
  const std::vector<Var> args = out.args();  // column, row, channel, sample
  const std::vector<int> extents =
      physical_extents(lowering.type(lowering.graph().outputs[0].value));
  bound_extents(out, extents);
  Var oi("oi");
  out.split(args[2], args[2], oi, channels).reorder(args[0], oi, args[1], args[2], args[3]);
  sum.compute_at(out, args[2]).store_in(Halide::MemoryType::Stack);
  sum.bound(l, 0, lanes).bound(o, 0, channels).bound(kx, 0, static_cast<int>(result[3]));
  sum.vectorize(l);
  sum.update().reorder(l, kx, o, ky, samples).vectorize(l).unroll(kx).unroll(o);
  picture.compute_at(sum, ky).store_in(Halide::MemoryType::Stack);
  picture.bound(l, 0, lanes).bound(o, 0, channels).bound(kx, 0, static_cast<int>(result[3]));
  picture.vectorize(l).unroll(kx).unroll(o);
  picture.update().reorder(l, kx, o, r.x, r.y).vectorize(l).unroll(kx).unroll(o);
  // Vectors of a row in code: a loop takes 1.36x, 2.2x with AVX2 (gradient of LeNet conv1, Zen 5).
  if (tiles.count <= kMostUnrolledTaps) picture.update().unroll(r.x);
  return {out};
}

}  // namespace linnet::codegen
