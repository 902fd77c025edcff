// gemm{lanes, vectors, rows}: a matmul that reads both operands where they lie.
//   acc(n, m) = Σ over k of a(m, k) · b(k, n)
// of each matrix of a stack.
// Rows × vectors of columns stay in registers: one load of b for a vector, one broadcast of a for a
// row. Tiles at the edges move inwards, so that nothing outside is read or written.
#include "passes/schedule/gemm.h"
#include "codegen/lower/families.h"
#include "codegen/lower/kernels/shared/stacked.h"

namespace linnet::codegen {

using Halide::Func;
using Halide::TailStrategy;
using Halide::Var;

std::vector<Func> gemm_kernel(Lowering& lowering, const ir::Schedule& schedule) {
  const auto numbers = passes::numbers<passes::Gemm>(schedule);
  const ir::Node& matmul = anchor_of(lowering.graph());
  const ir::Type& a = lowering.operand_type(matmul, 0);
  const ir::Type& b = lowering.operand_type(matmul, 1);
  const int inner = static_cast<int>(a.shape.back());
  const int lanes = static_cast<int>(numbers.lanes);
  const int tile = lanes * static_cast<int>(numbers.vectors);
  const int rows = static_cast<int>(numbers.rows);

  Func acc("acc");
  Var n("n"), m("m");
  Halide::RDom k(0, inner, "k");
  const std::vector<Var> stack = stack_vars(lowering.type(matmul.results.front()));
  const std::vector<Halide::Expr> args = with_stack({n, m}, stack);
  acc(args) = 0.0F;
  acc(args) += lowering.at(matmul.operands[0], stacked(a, stack, m, k)) *
               lowering.at(matmul.operands[1], stacked(b, stack, k, n));
  lowering.define(matmul.results.front(), [&](const Position& at) {
    return acc(and_stack({at.back(), at[at.size() - 2]}, at));
  });

  Func out = lowering.output(0);
  const Var column = out.args()[0];
  const Var row = out.args()[1];
  const std::vector<int> extents =
      physical_extents(lowering.type(lowering.graph().outputs[0].value));
  Var lane("lane"), v("v"), mi("mi");
  bound_extents(out, extents);
  // Columns outside: their part of b stays in the cache for all rows. Rows outside take 1.00x
  // to 1.01x for b of 0.2 to 0.8 MB (Zen 5). Steps of k in pairs or fours in code move nothing
  // (1.00x).
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
