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

namespace linnet::codegen {
using Halide::Expr;
using Halide::Func;
using Halide::Var;

std::vector<Func> relayout_kernel(Lowering& lowering, const ir::Schedule& schedule) {
  const auto numbers = passes::numbers<passes::Relayout>(schedule);
  const ir::Type& type = lowering.type(lowering.graph().outputs.front().value);
  const passes::Transposes copied = *passes::transposes(lowering.graph());
  const int rows = static_cast<int>(copied.rows);
  const int columns = static_cast<int>(copied.columns);
  const int height = static_cast<int>(copied.height);
  const int count = static_cast<int>(copied.count);
  const int block = static_cast<int>(copied.block);
  const int lanes = static_cast<int>(numbers.lanes);
  const bool by_row = type.layout.has_halo();
  const Halide::ImageParam source = lowering.input_as(0, {columns, height, rows, count});
  std::vector<int> extents = {block, columns, ceil_div(rows, block), count};
  if (by_row) {
    extents = physical_extents(type);  // channels, columns, rows, samples
  } else {
    lowering.output_as(0, extents);
  }

  // The last tile moves inwards: the source may be exact memory.
  const auto first = [&](const Expr& tile) { return Halide::min(tile * lanes, columns - lanes); };
  // round(j, i, …): element j of row i of a tile; after the last round row j's element i.
  Var j("j"), i("i"), t("t"), v("v"), b("b"), n("n");
  // Along `b` are blocks of rows, or rows of a picture with a halo.
  const Expr row = (by_row ? Expr(0) : b * block) + v * lanes + i;
  std::vector<Func> rounds = {Func("rows")};
  rounds.back()(j, i, t, v, b, n) =
      source(first(t) + j, by_row ? Expr(b) : Expr(0), Halide::min(row, rows - 1), n);
  for (int done = 1; done < lanes; done *= 2) {
    const Func from = rounds.back();
    rounds.emplace_back("round");
    const Expr lane = j / 2 + (i % 2) * (lanes / 2);
    rounds.back()(j, i, t, v, b, n) = Halide::select(j % 2 == 0, from(lane, i / 2, t, v, b, n),
                                                     from(lane, i / 2 + lanes / 2, t, v, b, n));
  }

  Func out("out");
  Var p("p"), column("column"), lane("lane");
  Halide::RDom r(0, lanes, 0, ceil_div(columns, lanes), "r");
  out(p, column, b, n) = Halide::undef(halide_type(type.dtype));
  out(p, first(r.y) + r.x, b, n) = rounds.back()(p % lanes, r.x, r.y, p / lanes, b, n);
  bound_extents(out, extents);
  const auto tail =
      block % lanes == 0 ? Halide::TailStrategy::Auto : Halide::TailStrategy::GuardWithIf;
  out.update()
      .split(p, p, lane, lanes, tail)
      .reorder(lane, r.x, p, r.y, b, n)
      .vectorize(lane)
      .unroll(r.x);
  // Blocks outside of columns move 3 % or nothing either way (256 × 784, Zen 5).
  for (Func& round : rounds) {
    round.compute_at(out, p).store_in(Halide::MemoryType::Stack);
    round.bound(j, 0, lanes).bound(i, 0, lanes).vectorize(j).unroll(i);
  }
  return {out};
}

}  // namespace linnet::codegen
