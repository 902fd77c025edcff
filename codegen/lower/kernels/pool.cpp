// pool{lanes, pixels}: a pool of a picture with its channels innermost.
//   column(c, x, y) = Σ or max over ky of in(c, x, y·s + ky)
//   out(c, x, y)    = Σ or max over kx of column(c, x·s + kx, y)
// Channels fill vectors; the columns of a tile of neighbours stay in registers, which share them.
// A maximum reads the element at the picture's edge in place of one beyond, which is in the same
// window; a sum takes 0.
#include "passes/schedule/pool.h"
#include "codegen/lower/families.h"
#include "codegen/lower/kernels/shared/arithmetic.h"
#include "codegen/lower/kernels/shared/picture_output.h"
#include "codegen/lower/kernels/shared/pool_window.h"
#include "ir/op_def.h"

namespace linnet::codegen {
namespace {

using Halide::Expr;
using Halide::Func;
using Halide::Var;

// Sum or maximum of some elements.
Expr joined(const ir::Node& pool, const std::vector<Expr>& elements) {
  if (pool.op == &ir::ops::max_pool2d) return largest(elements);
  Expr sum = elements.front();
  for (size_t i = 1; i < elements.size(); ++i)
    sum = sum + elements[i];
  return sum;
}

// What a window sees at a position that may lie beyond the picture, unless all are `inside`.
Expr element(Lowering& lowering, const ir::Node& pool, bool inside, const Position& at) {
  const ir::ValueId input = pool.operands.front();
  if (inside) return lowering.at(input, at);
  const ir::Shape& shape = lowering.type(input).shape;
  const int bottom = static_cast<int>(shape[2]) - 1, right = static_cast<int>(shape[3]) - 1;
  const Expr nearest = lowering.at(
      input, {at[0], at[1], Halide::clamp(at[2], 0, bottom), Halide::clamp(at[3], 0, right)});
  if (pool.op == &ir::ops::max_pool2d) return nearest;
  const Expr there = at[2] >= 0 && at[2] <= bottom && at[3] >= 0 && at[3] <= right;
  return Halide::select(there, nearest, literal(lowering.type(input).dtype, 0));
}

}  // namespace

std::vector<Func> pool_kernel(Lowering& lowering, const ir::Schedule& schedule) {
  const auto numbers = passes::numbers<passes::Pool>(schedule);
  const ir::Graph& graph = lowering.graph();
  const ir::Node& node = *graph.producer(graph.outputs.front().value);
  const PoolWindow pool(lowering, node);
  // In rows nothing lies beside a channel.
  if (lowering.operand_type(node, 0).layout.without_halo().is_row_major()) {
    Func out = lowering.output(0);
    lowering.schedule_output(out, lowering.type(node.results.front()));
    lowering.schedule_stages();
    return {out};
  }
  const int lanes = static_cast<int>(numbers.lanes);
  const int pixels = static_cast<int>(numbers.pixels);

  Func column("column");
  Var c("c"), x("x"), y("y"), n("n");
  std::vector<Expr> taps;
  for (int ky = 0; ky < pool.rows.size; ++ky)
    taps.push_back(
        element(lowering, node, pool.inside, {n, c, PoolWindow::along(pool.rows, y, ky), x}));
  column(c, x, y, n) = joined(node, taps);

  PictureOutput out(lowering, 1);
  lowering.define(node.results.front(), [&](const Position& p) {
    std::vector<Expr> columns;
    for (int kx = 0; kx < pool.columns.size; ++kx)
      columns.push_back(column(p[1], PoolWindow::along(pool.columns, p[3], kx), p[2], p[0]));
    const Expr all = joined(node, columns);
    return node.op == &ir::ops::max_pool2d ? all : all / pool.count(lowering, node, p);
  });
  Func func = out.define(lowering);
  Var xi("xi"), lane("lane");
  func.split(out.x, out.x, xi, pixels, Halide::TailStrategy::ShiftInwards)
      .split(out.channel, out.channel, lane, lanes, Halide::TailStrategy::ShiftInwards)
      .reorder(lane, xi, out.channel, out.x, out.y, out.group, out.n)
      .vectorize(lane)
      .unroll(xi);
  const int width =
      (pixels - 1) * static_cast<int>(pool.columns.stride) + static_cast<int>(pool.columns.size);
  column.compute_at(func, out.channel).store_in(Halide::MemoryType::Stack);
  column.bound_extent(c, lanes).bound_extent(x, width).vectorize(c).unroll(x);
  return {func};
}

}  // namespace linnet::codegen
