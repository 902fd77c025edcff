// relayout{lanes}: a copy whose innermost dimension is another than the source's.
// Tiles of lanes × lanes elements are loaded in vectors along the source's rows, transposed in
// registers and stored in vectors along the copy's. Transposing is log₂(lanes) rounds of perfect
// shuffles: each interleaves the two halves of the rows, which moves one bit of the row's number
// into the lane's (a quarter of a shuffle for an element with 16 lanes; element by element it
// took five times as long).
#include "passes/schedule/relayout.h"
#include "base/integers.h"
#include "codegen/lower/families.h"
#include "ir/op_def.h"

#include "support/check.h"

namespace linnet::codegen {
namespace {

using Halide::Expr;
using Halide::Func;
using Halide::Var;

// The copy as matrices of which it stores the transposes: the elements of `dim` side by side, all
// later dimensions one that runs along the source's rows, all earlier ones one that counts
// matrices.
struct Matrices {
  int count = 1, rows = 0, columns = 1;
  bool blocked = false;
  int block = 0;  // stored extent of `dim`, or of one of its blocks

  explicit Matrices(const ir::Type& type) {
    const ir::Layout& layout = type.layout;
    blocked = layout.block_dim >= 0;
    const auto dim = static_cast<size_t>(blocked ? layout.block_dim : layout.order.back());
    rows = static_cast<int>(type.shape[dim]);
    for (size_t i = 0; i < type.rank(); ++i) {
      if (i < dim) count *= static_cast<int>(type.shape[i]);
      if (i > dim) columns *= static_cast<int>(type.shape[i]);
    }
    block = static_cast<int>(blocked ? layout.block : type.stored_extent(dim));
  }
};

}  // namespace

std::vector<Func> relayout_kernel(Lowering& lowering, const ir::Schedule& numbers) {
  const auto schedule = passes::numbers<passes::Relayout>(numbers);
  const ir::Type& type = lowering.type(lowering.graph().outputs.front().value);
  const Matrices m(type);
  const int lanes = static_cast<int>(schedule.lanes);
  LINNET_CHECK(m.columns >= lanes, "relayout of short rows");
  const Halide::ImageParam source = lowering.input_as(0, {m.columns, m.rows, m.count});
  const std::vector<int> extents = {m.block, m.columns, ceil_div(m.rows, m.block), m.count};
  lowering.output_as(0, extents);

  // The last tile moves inwards: the source may be exact memory.
  const auto first = [&](const Expr& tile) { return Halide::min(tile * lanes, m.columns - lanes); };
  // round(j, i, …): element j of row i of a tile; after the last round row j's element i.
  Var j("j"), i("i"), t("t"), v("v"), b("b"), n("n");
  const Expr row = Halide::min(b * m.block + v * lanes + i, m.rows - 1);
  std::vector<Func> rounds = {Func("rows")};
  rounds.back()(j, i, t, v, b, n) = source(first(t) + j, row, n);
  for (int done = 1; done < lanes; done *= 2) {
    const Func from = rounds.back();
    rounds.emplace_back("round");
    const Expr lane = j / 2 + (i % 2) * (lanes / 2);
    rounds.back()(j, i, t, v, b, n) = Halide::select(j % 2 == 0, from(lane, i / 2, t, v, b, n),
                                                     from(lane, i / 2 + lanes / 2, t, v, b, n));
  }

  Func out("out");
  Var p("p"), column("column"), lane("lane");
  Halide::RDom r(0, lanes, 0, ceil_div(m.columns, lanes), "r");
  out(p, column, b, n) = Halide::undef(halide_type(type.dtype));
  out(p, first(r.y) + r.x, b, n) = rounds.back()(p % lanes, r.x, r.y, p / lanes, b, n);
  const Var vars[] = {p, column, b, n};
  for (size_t k = 0; k < extents.size(); ++k)
    out.bound(vars[k], 0, extents[k]);
  const auto tail =
      m.block % lanes == 0 ? Halide::TailStrategy::Auto : Halide::TailStrategy::GuardWithIf;
  out.update()
      .split(p, p, lane, lanes, tail)
      .reorder(lane, r.x, p, r.y, b, n)
      .vectorize(lane)
      .unroll(r.x);
  for (Func& round : rounds) {
    round.compute_at(out, p).store_in(Halide::MemoryType::Stack);
    round.bound(j, 0, lanes).bound(i, 0, lanes).vectorize(j).unroll(i);
  }
  return {out};
}

}  // namespace linnet::codegen
