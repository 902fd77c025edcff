// direct{lanes, cv, tx, tn}: a convolution whose output channels fill vectors.
//   acc(o, x, y) = Σ over c, ky, kx of weight(o, kx, ky, c) · input(x·s + kx·d, y·s + ky·d, c)
// cv vectors of channels × the pixels of tx pooled outputs × tn samples stay in registers while one
// tap after the other is added: one load of weights for a tap, one broadcast for each pixel.
#include "codegen/families.h"
#include "codegen/kernels/padded_input.h"
#include "ir/ops/window.h"

#include <optional>

namespace linnet::codegen {

using Halide::Expr;
using Halide::Func;
using Halide::Var;

std::vector<Func> lower_direct(Lowering& lowering, const ir::Schedule& schedule) {
  const ir::Node& conv = anchor_of(lowering.graph());
  const ir::Shape& w = lowering.operand_type(conv, 1).shape;
  const auto [rows, columns] = *ir::windows(conv.attrs, {w[2], w[3]});
  const int lanes = static_cast<int>(schedule.get("lanes", 1));
  const int cv = static_cast<int>(schedule.get("cv", 1));
  const int tx = static_cast<int>(schedule.get("tx", 1));
  const int tn = static_cast<int>(schedule.get("tn", 1));
  const bool is_padded = rows.before + rows.after + columns.before + columns.after != 0;
  std::optional<PaddedInput> padded;
  if (is_padded) padded.emplace(lowering, conv.operands[0], rows, columns);

  Func acc("acc");
  Var o("o"), x("x"), y("y"), n("n");
  Halide::RDom r(0, static_cast<int>(w[3]), 0, static_cast<int>(w[2]), 0, static_cast<int>(w[1]),
                 "r");
  const Expr column =
      x * static_cast<int>(columns.stride) + r.x * static_cast<int>(columns.dilation);
  const Expr row = y * static_cast<int>(rows.stride) + r.y * static_cast<int>(rows.dilation);
  const Expr pixel = padded ? padded->func(column, row, r.z, n)
                            : lowering.at(conv.operands[0], {n, r.z, row, column});
  acc(o, x, y, n) = 0.0F;
  acc(o, x, y, n) += lowering.at(conv.operands[1], {o, r.z, r.y, r.x}) * pixel;
  lowering.define(conv.results.front(),
                  [&](const Position& p) { return acc(p[1], p[3], p[2], p[0]); });

  Func out = lowering.output(0);
  // The loop over each logical dimension: the output may be stored NCHW or NHWC.
  const ir::Type& type = lowering.type(lowering.graph().outputs[0].value);
  std::vector<Var> loop(4);
  for (size_t i = 0; i < 4; ++i) {
    const size_t dim = type.layout.order.empty() ? i : static_cast<size_t>(type.layout.order[i]);
    loop[dim] = out.args()[3 - i];
    out.bound(loop[dim], 0, static_cast<int>(type.shape[dim]));
  }
  const Var &batch = loop[0], &channel = loop[1], &height = loop[2], &width = loop[3];
  Var xi("xi"), co("co"), ci("ci"), lane("lane"), ni("ni");
  const auto tail =
      type.shape[1] % lanes == 0 ? Halide::TailStrategy::Auto : Halide::TailStrategy::GuardWithIf;
  out.split(width, width, xi, tx, Halide::TailStrategy::ShiftInwards)
      .split(channel, co, ci, lanes * cv, tail)
      .split(ci, ci, lane, lanes)
      .split(batch, batch, ni, tn, Halide::TailStrategy::ShiftInwards)
      .reorder(lane, ci, xi, ni, width, height, co, batch)
      .vectorize(lane)
      .unroll(ci)
      .unroll(xi)
      .unroll(ni);
  // The input of one sample is padded once, not for each row.
  if (padded) padded->schedule(out, batch, lanes);
  acc.compute_at(out, width).store_in(Halide::MemoryType::Stack);
  Var ao("ao");
  acc.bound_extent(o, lanes * cv)
      .split(o, ao, o, lanes)
      .vectorize(o)
      .unroll(ao)
      .unroll(x)
      .unroll(y)
      .unroll(n);
  acc.update()
      .split(o, ao, o, lanes)
      .reorder(o, ao, x, y, n, r.x, r.y, r.z)
      .vectorize(o)
      .unroll(ao)
      .unroll(x)
      .unroll(y)
      .unroll(n);
  if (w[3] <= kMostUnrolledTaps) acc.update().unroll(r.x);
  return {out};
}

}  // namespace linnet::codegen
