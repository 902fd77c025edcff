// dots{lanes, outputs, pixels}: a convolution of many channels to a few.
//   acc(l, o, x, y) = Σ over ky, kx, c of weight(o, ky, kx, c·lanes + l) ·
//                                         input(x·s + kx·d, y·s + ky·d, c·lanes + l)
// where the picture's padding is zeros in memory around it.
// Vectors lie along the channels that are summed, of the picture and of the weight; outputs ×
// pixels of them are in registers: one load of weights for an output, one of the picture for a
// pixel. Their lanes are joined at the end, by halves, in one order.
#include "passes/schedule/dots.h"
#include "codegen/lower/families.h"
#include "codegen/lower/kernels/shared/picture_output.h"
#include "ir/ops/shared/window.h"

namespace linnet::codegen {

using Halide::Expr;
using Halide::Func;
using Halide::Var;

std::vector<Func> dots_kernel(Lowering& lowering, const ir::Schedule& schedule) {
  const auto numbers = passes::numbers<passes::Dots>(schedule);
  const ir::Node& conv = anchor_of(lowering.graph());
  const ir::Shape& w = lowering.operand_type(conv, 1).shape;
  const auto [rows, columns] = *ir::windows(conv.attrs, {w[2], w[3]});
  const int lanes = static_cast<int>(numbers.lanes);

  Func acc("acc");
  Var l("l"), o("o"), x("x"), y("y"), n("n");
  Halide::RDom r(0, static_cast<int>(w[1]) / lanes, 0, static_cast<int>(w[3]), 0,
                 static_cast<int>(w[2]), "r");
  const Expr column = x * static_cast<int>(columns.stride) +
                      r.y * static_cast<int>(columns.dilation) - static_cast<int>(columns.before);
  const Expr row = y * static_cast<int>(rows.stride) + r.z * static_cast<int>(rows.dilation) -
                   static_cast<int>(rows.before);
  const Expr channel = r.x * lanes + l;
  acc(l, o, x, y, n) = 0.0F;
  acc(l, o, x, y, n) += lowering.at(conv.operands[1], {o, channel, r.z, r.y}) *
                        lowering.at(conv.operands[0], {n, channel, row, column});
  std::vector<Func> halves = {acc};
  for (int left = lanes / 2; left > 1; left /= 2) {
    const Func whole = halves.back();
    halves.emplace_back("half");
    halves.back()(l, o, x, y, n) = whole(l, o, x, y, n) + whole(l + left, o, x, y, n);
    halves.back().bound(l, 0, left).vectorize(l);
  }

  PictureOutput out(lowering, 1);
  lowering.define(conv.results.front(), [two = halves.back()](const Position& p) {
    return two(0, p[1], p[3], p[2], p[0]) + two(1, p[1], p[3], p[2], p[0]);
  });
  Func func = out.define(lowering);
  Var xi("xi"), co("co");
  func.split(out.x, out.x, xi, static_cast<int>(numbers.pixels), Halide::TailStrategy::ShiftInwards)
      .split(out.channel, out.channel, co, static_cast<int>(numbers.outputs))
      .reorder(co, xi, out.x, out.channel, out.y, out.group, out.n)
      .unroll(co)
      .unroll(xi);
  for (Func& half : halves) {
    half.compute_at(func, out.x).store_in(Halide::MemoryType::Stack);
    half.unroll(o).unroll(x).unroll(y).unroll(n);
  }
  acc.bound(l, 0, lanes).vectorize(l);
  acc.update().reorder(l, o, x, r.x, r.y, r.z, y, n).vectorize(l).unroll(o).unroll(x).unroll(y);
  return {func};
}

}  // namespace linnet::codegen
