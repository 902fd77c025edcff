// Rules about what changes nothing: constants to the right, factors of one.
#include "passes/canonicalize/rule.h"
#include "passes/lib/fold.h"
#include "passes/lib/group_maker.h"
#include "passes/lib/label.h"

namespace linnet::passes {

using ir::Node;

// A constant is the right operand of a commutative op.
std::optional<Match> constant_right(ir::Rewriter& r, const Node& node) {
  const ir::Graph& graph = r.old();
  if (!node.op->has(ir::kCommutative) || node.operands.size() != 2) return std::nullopt;
  if (!constant_node(graph, node.operands[0]) || constant_node(graph, node.operands[1]))
    return std::nullopt;
  return Match{"constant to the right in " + label(graph, node), node.place,
               [&r, &node](ir::Builder b) {
                 return b.create(*node.op, r.mapped({node.operands[1], node.operands[0]}),
                                 node.attrs, result_name(r, node));
               }};
}

// x * 1 and x / 1 are x, whatever x is. (x + 0 is not: -0 + 0 = 0.)
std::optional<Match> times_one(ir::Rewriter& r, const Node& node) {
  const ir::Graph& graph = r.old();
  const Node* factor = graph.producer(node.operands[1]);
  if (!factor || !stays_inside(*factor)) return std::nullopt;
  const bool one = is_float(factor->tensor->type().dtype)
                       ? factor->tensor->as_doubles().front() == 1
                       : factor->tensor->as_ints().front() == 1;
  const ir::ValueId kept = node.operands[0];
  if (!one || !graph.value(kept).type.same_logical(graph.value(node.results[0]).type))
    return std::nullopt;
  return Match{label(graph, node) + " by 1 changes nothing", node.place,
               [&r, kept](ir::Builder) { return r[kept]; }};
}

}  // namespace linnet::passes
