// gemm{lanes, vectors, rows}: a matmul that reads both operands where they lie.
//   acc(n, m) = Σ over k of a(m, k) · b(k, n)
// Rows × vectors of columns stay in registers: one load of b for a vector, one broadcast of a for a
// row. Tiles at the edges move inwards, so that nothing outside is read or written.
#include "passes/schedule/gemm.h"
#include "codegen/lower/families.h"

namespace linnet::codegen {

using Halide::Func;
using Halide::TailStrategy;
using Halide::Var;

std::vector<Func> gemm_kernel(Lowering& lowering, const ir::Schedule& numbers) {
  const auto schedule = passes::numbers<passes::Gemm>(numbers);
  const ir::Node& matmul = anchor_of(lowering.graph());
  const int inner = static_cast<int>(lowering.operand_type(matmul, 0).shape[1]);
  const int lanes = static_cast<int>(schedule.lanes);
  const int tile = lanes * static_cast<int>(schedule.vectors);
  const int rows = static_cast<int>(schedule.rows);

  Func acc("acc");
  Var n("n"), m("m");
  Halide::RDom k(0, inner, "k");
  acc(n, m) = 0.0F;
  acc(n, m) += lowering.at(matmul.operands[0], {m, k}) * lowering.at(matmul.operands[1], {k, n});
  lowering.define(matmul.results.front(), [&](const Position& at) { return acc(at[1], at[0]); });

  Func out = lowering.output(0);
  const Var column = out.args()[0];
  const Var row = out.args()[1];
  const std::vector<int> extents =
      physical_extents(lowering.type(lowering.graph().outputs[0].value));
  Var lane("lane"), v("v"), mi("mi");
  out.bound(column, 0, extents[0]).bound(row, 0, extents[1]);
  // Columns outside: their part of b stays in the cache for all rows.
  out.split(column, column, v, tile, TailStrategy::ShiftInwards)
      .split(v, v, lane, lanes)
      .split(row, row, mi, rows, TailStrategy::ShiftInwards)
      .reorder(lane, v, mi, row, column)
      .vectorize(lane)
      .unroll(v)
      .unroll(mi);
  acc.compute_at(out, row).store_in(Halide::MemoryType::Stack);
  acc.bound_extent(n, tile).bound_extent(m, rows);
  acc.split(n, v, n, lanes).vectorize(n).unroll(v).unroll(m);
  acc.update().split(n, v, n, lanes).reorder(n, v, m, k).vectorize(n).unroll(v).unroll(m);
  return {out};
}

}  // namespace linnet::codegen
