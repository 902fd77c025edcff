// concat{lanes}: pieces side by side.
//   out(…, first + r, …) = piece(…, r, …), one loop for each piece
// One expression for all elements would read every piece for every element: of eight pieces, eight
// times.
#include "passes/schedule/concat.h"
#include "codegen/lower/families.h"
#include "ir/op_def.h"
#include "ir/ops/shared/reduction.h"

#include <algorithm>

namespace linnet::codegen {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

std::vector<Func> concat_kernel(Lowering& lowering, const ir::Schedule& schedule) {
  const auto numbers = passes::numbers<passes::Concat>(schedule);
  const ir::Graph& graph = lowering.graph();
  const ir::Node& concat = *std::ranges::find(graph.nodes(), &ir::ops::concat, &ir::Node::op);
  const ir::Type& type = lowering.type(graph.outputs.front().value);
  const size_t joined = *ir::one_dim(concat.attrs, type.rank());
  const int lanes = static_cast<int>(numbers.lanes);

  // The stored dimensions, innermost first, and the one that is joined.
  std::vector<Var> vars;
  Position position(type.rank());
  size_t along = 0;
  for (size_t i = 0; i < type.rank(); ++i) {
    const size_t from_outside = type.rank() - 1 - i;
    const size_t dim = type.layout.order.empty()
                           ? from_outside
                           : static_cast<size_t>(type.layout.order[from_outside]);
    vars.emplace_back("p" + std::to_string(i));
    position[dim] = vars.back();
    if (dim == joined) along = i;
  }
  Func out("out");
  out(vars) = Halide::undef(halide_type(type.dtype));
  const std::vector<int> extents = physical_extents(type);
  bound_extents(out, extents);

  int first = 0;
  int update = 0;
  for (size_t i = 0; i < concat.operands.size(); ++i) {
    const int size = static_cast<int>(lowering.operand_type(concat, i).shape[joined]);
    if (size == 0) continue;
    RDom r(0, size, "r");
    std::vector<Expr> to(vars.begin(), vars.end());
    to[along] = first + r.x;
    Position at = position;
    at[joined] = to[along];
    lowering.define(concat.results.front(), [&, first](const Position& p) {
      Position from = p;
      from[joined] = Halide::Internal::simplify(p[joined] - first);
      return lowering.at(concat.operands[i], from);
    });
    out(to) = lowering.at(graph.outputs.front().value, at);
    const int length = along == 0 ? size : extents[0];
    const int vector = std::min(lanes, length);
    const auto tail =
        length % vector == 0 ? Halide::TailStrategy::Auto : Halide::TailStrategy::GuardWithIf;
    if (along == 0) {
      out.update(update).vectorize(r.x, vector, tail);
    } else {
      out.update(update).reorder(vars[0], r.x).vectorize(vars[0], vector, tail);
    }
    first += size;
    ++update;
  }
  return {out};
}

}  // namespace linnet::codegen
