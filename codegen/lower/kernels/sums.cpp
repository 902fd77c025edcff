// sums{lanes}: a long sum or mean along rows.
//   part(l, t) = Σ over rows of x(row, t·lanes + l)
// Vectors along a row are chains of their own, up to a handful; they and their lanes are summed at
// the end, in one order.
#include "passes/schedule/sums.h"
#include "base/integers.h"
#include "codegen/lower/families.h"
#include "codegen/lower/kernels/shared/lane_tiles.h"
#include "ir/op_def.h"
#include "ir/ops/shared/reduction.h"

#include <algorithm>

namespace linnet::codegen {

using Halide::Expr;
using Halide::Func;
using Halide::Var;

namespace {

// One chain of vectors takes 1.19x for rows of 16, 0.98x and 0.77x for the two vectors of rows of
// 28, where eight have no work (Zen 5); 16 or 4 are the same for these.
constexpr int kChains = 8;

const ir::Node& reduction_of(const ir::Graph& kernel) {
  return *std::ranges::find_if(kernel.nodes(),
                               [](const ir::Node& node) { return node.op->has(ir::kReduction); });
}

// Where the reduction reads: `kept` has a place for each dimension of the result, r.x counts the
// vectors of a chain and the other dimensions of r rows, from inside out.
Position summed(const ir::Node& node, const ir::Shape& in, const Halide::RDom& r,
                const Position& kept, const Expr& column) {
  const std::vector<bool> reduced = *ir::reduced_dims(node.attrs, in.size());
  const bool keep = node.attrs.get(ir::kKeepDim);
  Position from;
  int next_row = r.dimensions() - 1;
  size_t next_kept = 0;
  for (size_t dim = 0; dim + 1 < in.size(); ++dim) {
    from.push_back(reduced[dim] ? Expr(r[next_row--]) : kept[next_kept]);
    if (!reduced[dim] || keep) ++next_kept;
  }
  from.push_back(column);
  return from;
}

}  // namespace

std::vector<Func> sums_kernel(Lowering& lowering, const ir::Schedule& schedule) {
  const auto numbers = passes::numbers<passes::Sums>(schedule);
  const ir::Node& node = reduction_of(lowering.graph());
  const ir::Shape& in = lowering.operand_type(node, 0).shape;
  const std::vector<bool> reduced = *ir::reduced_dims(node.attrs, in.size());
  const int lanes = static_cast<int>(numbers.lanes);
  const LaneTiles tiles(static_cast<int>(in.back()), lanes);
  const int chains = std::min(tiles.count, kChains);

  // The reduced dimensions: vectors of a chain along a row innermost, then rows.
  Halide::Region bounds = {{0, ceil_div(tiles.count, chains)}};
  for (size_t dim = in.size() - 1; dim-- > 0;) {
    if (reduced[dim]) bounds.push_back({0, static_cast<int>(in[dim])});
  }
  Halide::RDom r(bounds, "r");
  Var l("l"), t("t");
  const size_t rank = lowering.type(node.results.front()).rank();
  Position kept;
  std::vector<Var> vars = {l, t};
  for (size_t dim = 0; dim < rank; ++dim) {
    vars.emplace_back("d" + std::to_string(dim));
    kept.emplace_back(vars.back());
  }
  const Expr tile = r[0] * chains + t;
  if (tiles.count % chains != 0) r.where(tile < tiles.count);
  const Position from = summed(node, in, r, kept, tiles.position(tile, l));
  Func part("part");
  part(vars) = 0.0F;
  std::vector<Expr> arguments(vars.begin(), vars.end());
  const Expr element = tiles.counted(tile, l, lowering.at(node.operands[0], from));
  part(vars) += at_every_point(r, element);

  const double count = node.op == &ir::ops::mean
                           ? static_cast<double>(ir::element_count(in)) /
                                 static_cast<double>(lowering.type(node.results.front()).elements())
                           : 1;
  lowering.define(node.results.front(), [&](const Position& p) {
    Expr sum = 0.0F;
    for (int chain = 0; chain < chains; ++chain) {
      sum += sum_of_lanes(lanes, [&](int lane) {
        std::vector<Expr> at = {lane, chain};
        at.insert(at.end(), p.begin(), p.end());
        return Expr(part(at));
      });
    }
    return count == 1 ? sum : sum / literal(ir::DType::kF32, count);
  });

  Func out = lowering.output(0);
  const std::vector<int> extents =
      physical_extents(lowering.type(lowering.graph().outputs[0].value));
  bound_extents(out, extents);
  part.compute_at(out, out.args()[0]).store_in(Halide::MemoryType::Stack);
  part.bound(l, 0, lanes).bound(t, 0, chains).vectorize(l).unroll(t);
  part.update().reorder(l, t).vectorize(l).unroll(t);
  return {out};
}

}  // namespace linnet::codegen
