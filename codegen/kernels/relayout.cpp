// relayout{lanes}: a copy whose innermost dimension is another than the source's.
// Tiles of lanes × lanes elements are loaded in vectors along the source's rows, transposed in
// registers and stored in vectors along the copy's. Transposing is log₂(lanes) rounds of perfect
// shuffles: each interleaves the two halves of the rows, which moves one bit of the row's number
// into the lane's (a quarter of a shuffle for an element with 16 lanes; element by element it
// took five times as long).
#include "codegen/families.h"
#include "ir/op_def.h"

#include "support/check.h"

namespace linnet::codegen {
namespace {

using Halide::Expr;
using Halide::Func;
using Halide::Var;

// The copy as a matrix for each outer position: `dim` has its elements side by side, all later
// dimensions are one that runs along the source's rows.
struct Matrix {
  size_t dim;
  int rows = 0;     // of the source: extent of `dim`
  int columns = 1;  // elements of the dimensions after it
  bool blocked = false;
  int block = 0;  // stored extent of `dim`, or of one of its blocks

  explicit Matrix(const ir::Type& type) {
    const ir::Layout& layout = type.layout;
    blocked = layout.block_dim >= 0;
    dim = static_cast<size_t>(blocked ? layout.block_dim : layout.order.back());
    rows = static_cast<int>(type.shape[dim]);
    for (size_t i = dim + 1; i < type.rank(); ++i)
      columns *= static_cast<int>(type.shape[i]);
    block = static_cast<int>(blocked ? layout.block : type.stored_extent(dim));
  }
};

}  // namespace

std::vector<Func> lower_relayout(Lowering& lowering, const ir::Schedule& schedule) {
  const ir::Graph& graph = lowering.graph();
  const ir::ValueId result = graph.outputs.front().value;
  const ir::Type& type = lowering.type(result);
  const Matrix matrix(type);
  const int lanes = static_cast<int>(schedule.get("lanes", 1));
  LINNET_CHECK(matrix.columns >= lanes, "relayout of short rows");

  // Column `column` of the matrix as positions of the dimensions after `dim`.
  const auto unfold = [&](const Position& outer, const Expr& row, Expr column) {
    Position at(type.rank());
    for (size_t i = 0; i < matrix.dim; ++i)
      at[i] = outer[i];
    at[matrix.dim] = row;
    for (size_t i = type.rank(); i-- > matrix.dim + 1;) {
      const int extent = static_cast<int>(type.shape[i]);
      at[i] = i == matrix.dim + 1 ? column : column % extent;
      column = column / extent;
    }
    return at;
  };
  // The last tile moves inwards: the source may be exact memory.
  const auto first = [&](const Expr& tile) {
    return Halide::min(tile * lanes, matrix.columns - lanes);
  };

  // tile(j, i, …): element j of row i of a tile; after the last round row j's element i.
  Var j("j"), i("i"), t("t"), v("v"), b("b");
  std::vector<Var> outer;
  for (size_t dim = 0; dim < matrix.dim; ++dim)
    outer.emplace_back("o" + std::to_string(dim));
  std::vector<Var> vars = {j, i, t, v, b};
  vars.insert(vars.end(), outer.begin(), outer.end());
  const auto with = [&](const Expr& lane, const Expr& row) {
    std::vector<Expr> at(vars.begin(), vars.end());
    at[0] = lane;
    at[1] = row;
    return at;
  };
  std::vector<Func> rounds;
  rounds.emplace_back("rows");
  rounds.back()(vars) = lowering.at(
      result, unfold({outer.begin(), outer.end()},
                     Halide::min(b * matrix.block + v * lanes + i, matrix.rows - 1), first(t) + j));
  for (int done = 1; done < lanes; done *= 2) {
    const Func from = rounds.back();
    rounds.emplace_back("round");
    const Expr lane = j / 2 + (i % 2) * (lanes / 2);
    rounds.back()(vars) =
        Halide::select(j % 2 == 0, from(with(lane, i / 2)), from(with(lane, i / 2 + lanes / 2)));
  }

  // The stored dimensions: lane within a block, what follows `dim`, blocks, what precedes it.
  Func out("out");
  Var p("p"), lane("lane");
  Halide::RDom r(0, lanes, 0, (matrix.columns + lanes - 1) / lanes, "r");
  const Position at = unfold({outer.begin(), outer.end()}, p, first(r.y) + r.x);
  std::vector<Expr> stored = {p};
  std::vector<Var> pure = {p};
  const std::vector<int>& order = type.layout.order;
  for (size_t k = order.size(); k-- > 0;) {
    const auto dim = static_cast<size_t>(order[k]);
    if (dim == matrix.dim && !matrix.blocked) continue;
    pure.emplace_back("d" + std::to_string(dim));
    stored.push_back(dim == matrix.dim ? Expr(b) : at[dim]);
    if (dim == matrix.dim) pure.back() = b;
    if (dim < matrix.dim) pure.back() = outer[dim];
  }
  out(pure) = Halide::undef(halide_type(type.dtype));
  std::vector<Expr> arguments = with(p % lanes, r.x);
  arguments[2] = r.y;
  arguments[3] = p / lanes;
  if (!matrix.blocked) arguments[4] = 0;
  out(stored) = rounds.back()(arguments);

  const std::vector<int> extents = physical_extents(type);
  for (size_t k = 0; k < pure.size(); ++k)
    out.bound(pure[k], 0, extents[k]);
  const auto tail =
      matrix.block % lanes == 0 ? Halide::TailStrategy::Auto : Halide::TailStrategy::GuardWithIf;
  std::vector<Halide::VarOrRVar> loops = {lane, r.x, p, r.y};
  if (matrix.blocked) loops.emplace_back(b);
  for (size_t dim = outer.size(); dim-- > 0;)
    loops.emplace_back(outer[dim]);
  out.update().split(p, p, lane, lanes, tail).reorder(loops).vectorize(lane).unroll(r.x);
  for (Func& round : rounds) {
    round.compute_at(out, p).store_in(Halide::MemoryType::Stack);
    round.bound(j, 0, lanes).bound(i, 0, lanes).vectorize(j).unroll(i);
  }
  return {out};
}

}  // namespace linnet::codegen
