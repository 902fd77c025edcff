// dense{lanes, vectors, chains, rows}: a matmul whose weight is packed and read once, from front to
// back.
//   part(l, v, s, b, m) = Σ over k of x(m, chains·k + s) ·
//                         weight(chains·k + s, block b, vector v, lane l)
// vectors × chains × rows are in registers; the chains, which hide the latency of the
// multiply-add, are summed in order at the end.
#include "passes/schedule/dense.h"
#include "codegen/lower/families.h"

#include "base/integers.h"

#include <algorithm>

namespace linnet::codegen {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::TailStrategy;
using Halide::Var;

std::vector<Func> dense_kernel(Lowering& lowering, const ir::Schedule& numbers) {
  const auto schedule = passes::numbers<passes::Dense>(numbers);
  const ir::Node& matmul = anchor_of(lowering.graph());
  const int inner = static_cast<int>(lowering.operand_type(matmul, 0).shape[1]);
  const bool transposed = matmul.attrs.get(ir::Key<bool>{"transpose_b"});
  const int lanes = static_cast<int>(schedule.lanes);
  const int vectors = static_cast<int>(schedule.vectors);
  const int chains = static_cast<int>(schedule.chains);
  const int rows = static_cast<int>(schedule.rows);
  const int block = lanes * vectors;

  Func part("part");
  Var l("l"), v("v"), s("s"), b("b"), m("m");
  // The last block reaches beyond the outputs: a packed weight has room there, of any other the
  // last output is read again.
  const ir::Type& w = lowering.operand_type(matmul, 1);
  const size_t dim = transposed ? 0 : 1;
  const int outputs = static_cast<int>(w.shape[dim]);
  const bool has_room = round_up(outputs, block) <= w.stored_extent(dim);
  const auto weight = [&](const Expr& k) {
    Expr output = b * block + v * lanes + l;
    if (!has_room) output = Halide::min(output, outputs - 1);
    return transposed ? lowering.at(matmul.operands[1], {output, k})
                      : lowering.at(matmul.operands[1], {k, output});
  };
  const auto value = [&](const Expr& k) { return lowering.at(matmul.operands[0], {m, k}); };
  part(l, v, s, b, m) = 0.0F;
  RDom k(0, inner / chains, "k");
  part(l, v, s, b, m) += value(k * chains + s) * weight(k * chains + s);
  const int rest = inner % chains;  // fewer than chains: one more for the first chains
  RDom tail(0, std::max(rest, 1), "tail");
  if (rest != 0) part(l, v, tail, b, m) += value(inner - rest + tail) * weight(inner - rest + tail);

  lowering.define(matmul.results.front(), [&](const Position& at) {
    const Expr n = at[1];
    Expr sum;
    for (int chain = 0; chain < chains; ++chain) {
      const Expr term = part(n % lanes, n / lanes % vectors, chain, n / block, at[0]);
      sum = sum.defined() ? sum + term : term;
    }
    return sum;
  });

  Func out = lowering.output(0);
  const std::vector<Var> args = out.args();  // column, row
  const std::vector<int> extents =
      physical_extents(lowering.type(lowering.graph().outputs[0].value));
  for (size_t i = 0; i < args.size(); ++i)
    out.bound(args[i], 0, extents[i]);
  Var nb("nb"), ni("ni"), lane("lane"), mi("mi");
  const auto guard = extents[0] % block == 0 ? TailStrategy::Auto : TailStrategy::GuardWithIf;
  out.split(args[0], nb, ni, block, guard)
      .split(ni, ni, lane, lanes)
      .split(args[1], args[1], mi, rows,
             extents[1] % rows == 0 ? TailStrategy::Auto : TailStrategy::ShiftInwards)
      .reorder(lane, ni, mi, nb, args[1])
      .vectorize(lane)
      .unroll(ni)
      .unroll(mi);
  part.compute_at(out, nb).store_in(Halide::MemoryType::Stack);
  part.bound(l, 0, lanes).bound(v, 0, vectors).bound(s, 0, chains);
  part.vectorize(l).unroll(v).unroll(s).unroll(m);
  part.update().reorder(l, v, m, s, k, b).vectorize(l).unroll(v).unroll(m).unroll(s);
  if (rest != 0)
    part.update(1).reorder(l, v, m, tail, b).vectorize(l).unroll(v).unroll(m).unroll(tail);
  return {out};
}

}  // namespace linnet::codegen
