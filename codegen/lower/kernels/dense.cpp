// dense{lanes, vectors, chains, rows}: a matmul whose weight is packed and read once, from front to
// back.
//   part(l, v, s, b, m) = Σ over k of x(m, chains·k + s) ·
//                         weight(chains·k + s, block b, vector v, lane l)
// vectors × chains × rows are in registers; the chains, which hide the latency of the
// multiply-add, are summed in order at the end.
#include "passes/schedule/dense.h"
#include "codegen/lower/families.h"
#include "codegen/lower/kernels/shared/stacked.h"
#include "passes/schedule/anchors.h"

#include "base/integers.h"

#include <algorithm>

namespace linnet::codegen {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::TailStrategy;
using Halide::Var;

namespace {

// Blocks of outputs × rows; returns the loop over rows, which is inside: a block of the weight
// stays in L2 for all of them. Rows outside take 0.98x where all weights fit L2 and 1.09x where not
// (64 rows of 784 → 256 and 1000, Zen 5). Two steps of k in code take 1.9x for one row of
// 784 → 256, and 1.0x else.
Var tile_output(Func& out, const ir::Type& type, const passes::Dense& numbers) {
  const std::vector<Var> to = out.args();  // column, row, stack
  const std::vector<int> extents = physical_extents(type);
  const int lanes = static_cast<int>(numbers.lanes);
  const int block = lanes * static_cast<int>(numbers.vectors);
  const int rows = static_cast<int>(numbers.rows);
  bound_extents(out, extents);
  Var nb("nb"), ni("ni"), lane("lane"), mi("mi");
  const auto guard = extents[0] % block == 0 ? TailStrategy::Auto : TailStrategy::GuardWithIf;
  out.split(to[0], nb, ni, block, guard)
      .split(ni, ni, lane, lanes)
      .split(to[1], to[1], mi, rows,
             extents[1] % rows == 0 ? TailStrategy::Auto : TailStrategy::ShiftInwards)
      .reorder(lane, ni, mi, to[1], nb)
      .vectorize(lane)
      .unroll(ni)
      .unroll(mi);
  return to[1];
}

// The weight as it lies in memory, packed or narrower than f32.
const ir::Type& stored_weight(const Lowering& lowering) {
  const ir::Graph& graph = lowering.graph();
  return lowering.type(graph.inputs[passes::matmul_group(graph)->weight()].value);
}

}  // namespace

std::vector<Func> dense_kernel(Lowering& lowering, const ir::Schedule& schedule) {
  const auto numbers = passes::numbers<passes::Dense>(schedule);
  const ir::Node& matmul = anchor_of(lowering.graph());
  const ir::Type& x = lowering.operand_type(matmul, 0);
  const int inner = static_cast<int>(x.shape.back());
  const bool transposed = matmul.attrs.get(ir::Key<bool>{"transpose_b"});
  const int lanes = static_cast<int>(numbers.lanes);
  const int vectors = static_cast<int>(numbers.vectors);
  const int chains = static_cast<int>(numbers.chains);
  const int block = lanes * vectors;

  Func part("part");
  Var l("l"), v("v"), s("s"), b("b"), m("m");
  const std::vector<Var> stack = stack_vars(lowering.type(matmul.results.front()));
  // The last block reaches beyond the outputs: a packed weight has room there, of any other the
  // last output is read again.
  const ir::Type& w = stored_weight(lowering);
  const size_t dim = w.rank() - (transposed ? 2 : 1);
  const int outputs = static_cast<int>(w.shape[dim]);
  const bool has_room = round_up(outputs, block) <= w.stored_extent(dim);
  const auto weight = [&](const Expr& k) {
    Expr output = b * block + v * lanes + l;
    if (!has_room) output = Halide::min(output, outputs - 1);
    return lowering.at(matmul.operands[1],
                       transposed ? stacked(w, stack, output, k) : stacked(w, stack, k, output));
  };
  const auto value = [&](const Expr& k) {
    return lowering.at(matmul.operands[0], stacked(x, stack, m, k));
  };
  const std::vector<Expr> args = with_stack({l, v, s, b, m}, stack);
  part(args) = 0.0F;
  RDom k(0, inner / chains, "k");
  part(args) += value(k * chains + s) * weight(k * chains + s);
  const int rest = inner % chains;  // fewer than chains: one more for the first chains
  RDom tail(0, std::max(rest, 1), "tail");
  if (rest != 0)
    part(with_stack({l, v, tail, b, m}, stack)) +=
        value(inner - rest + tail) * weight(inner - rest + tail);

  lowering.define(matmul.results.front(), [&](const Position& at) {
    const Expr n = at.back();
    Expr sum;
    for (int chain = 0; chain < chains; ++chain) {
      const Expr term = part(
          and_stack({n % lanes, n / lanes % vectors, chain, n / block, at[at.size() - 2]}, at));
      sum = sum.defined() ? sum + term : term;
    }
    return sum;
  });

  Func out = lowering.output(0);
  const Var at_rows = tile_output(out, lowering.type(lowering.graph().outputs[0].value), numbers);
  part.compute_at(out, at_rows).store_in(Halide::MemoryType::Stack);
  part.bound(l, 0, lanes).bound(v, 0, vectors).bound(s, 0, chains);
  part.vectorize(l).unroll(v).unroll(s).unroll(m);
  part.update().reorder(l, v, m, s, k, b).vectorize(l).unroll(v).unroll(m).unroll(s);
  if (rest != 0)
    part.update(1).reorder(l, v, m, tail, b).vectorize(l).unroll(v).unroll(m).unroll(tail);
  return {out};
}

}  // namespace linnet::codegen
