// scatter{lanes}: the rows of the input, then the updates one after the other.
//   out(i, row) = input(i, row)
//   out(i, indices(r)) = reduce(out(i, indices(r)), updates(i, r)), r in order
// Vectors lie along a row where nothing is reduced; no two updates are ever under way at a time, so
// that those of one index meet in their order.
#include "ir/ops/scatter.h"
#include "codegen/lower/families.h"
#include "codegen/lower/kernels/shared/arithmetic.h"
#include "passes/schedule/scatter.h"

#include <algorithm>
#include <map>

namespace linnet::codegen {

using Halide::Expr;
using Halide::Func;
using Halide::Var;

namespace {

// Operands as rows. An input that is several operands is one array, which Halide wants declared
// once.
class Rows {
public:
  explicit Rows(Lowering& lowering) : lowering_(&lowering) {}

  // Element `i` of row `row` of an operand that lies in `count` rows of `inner` elements.
  std::function<Expr(const Expr& i, const Expr& row)> rows_of(ir::ValueId value, int inner,
                                                              int count) {
    const ir::Graph& graph = lowering_->graph();
    for (size_t k = 0; k < graph.inputs.size(); ++k) {
      if (graph.inputs[k].value != value) continue;
      if (!arrays_.contains(k)) arrays_.emplace(k, lowering_->input_as(k, {inner * count}));
      const Halide::ImageParam array = arrays_.at(k);
      return
          [array, inner](const Expr& i, const Expr& row) { return Expr(array(row * inner + i)); };
    }
    const Expr splat = lowering_->at(
        value, Position(lowering_->type(value).rank(), Expr(0)));  // no other is inside
    return [splat](const Expr&, const Expr&) { return splat; };
  }

private:
  Lowering* lowering_;
  std::map<size_t, Halide::ImageParam> arrays_;  // by the input's number
};

Expr reduced_by(const std::string& how, const Expr& so_far, const Expr& update) {
  if (how == "sum") return sum_of(so_far, update);
  if (how == "prod") return product_of(so_far, update);
  if (how == "amax") return larger(update, so_far);
  if (how == "amin") return smaller(update, so_far);
  return update;
}

}  // namespace

std::vector<Func> scatter_kernel(Lowering& lowering, const ir::Schedule& schedule) {
  const auto numbers = passes::numbers<passes::Scatter>(schedule);
  const ir::Graph& graph = lowering.graph();
  const ir::Node& node = *std::ranges::find(graph.nodes(), &ir::ops::scatter, &ir::Node::op);
  const ir::Type& type = lowering.type(node.results.front());
  const int size = static_cast<int>(type.shape[0]);
  const int inner = static_cast<int>(type.elements()) / size;
  const int count = static_cast<int>(lowering.operand_type(node, 1).elements());
  Rows operand(lowering);
  const auto input = operand.rows_of(node.operands[0], inner, size);

  Func out("out");
  Var i("i"), row("row");
  // Rows of one element are a row of their own.
  const bool flat = inner == 1;
  std::vector<Var> vars = {row};
  if (!flat) vars.insert(vars.begin(), i);
  out(vars) = input(flat ? Expr(0) : Expr(i), row);
  const auto vectorize = [&](auto stage, const Var& along, int extent) {
    const int vector = std::min(static_cast<int>(numbers.lanes), extent);
    stage.vectorize(along, vector,
                    extent % vector == 0 ? Halide::TailStrategy::Auto
                                         : Halide::TailStrategy::GuardWithIf);
  };
  vectorize(out, vars.front(), flat ? size : inner);
  std::vector<int> extents = {size};
  if (!flat) extents.insert(extents.begin(), inner);
  bound_extents(out, extents);
  lowering.output_as(0, extents);
  if (count == 0) return {out};

  // The index is data: it is clamped, so that whatever it holds, nothing outside is written.
  const auto indices = operand.rows_of(node.operands[1], 1, count);
  const auto updates = operand.rows_of(node.operands[2], inner, count);
  Halide::RDom r(0, count, "r");
  const Expr index = indices(0, r.x);
  const Expr rows = Halide::Internal::make_const(index.type(), size);
  const Expr wrapped = Halide::select(index < 0, index + rows, index);
  const Expr at = Halide::cast<int>(Halide::clamp(wrapped, 0, rows - 1));
  std::vector<Expr> to = {at};
  if (!flat) to.insert(to.begin(), i);
  const std::string& how = node.attrs.get(ir::kScatterReduce).word;
  const Expr update = updates(flat ? Expr(0) : Expr(i), r.x);
  out(to) = reduced_by(how, out(to), at_every_point(r, update));
  // Halide takes what a kernel reads of its own output for aligned to whole vectors, which outputs
  // are not: where updates meet what stands there, element after element.
  if (flat) {
    out.update().unscheduled();
  } else {
    out.update().reorder(i, r.x);
    if (how == "none") vectorize(out.update(), i, inner);
  }
  return {out};
}

}  // namespace linnet::codegen
