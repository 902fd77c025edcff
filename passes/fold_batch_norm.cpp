// The pass fold_batch_norm: a factor for each channel goes into the weight before it.
#include "ir/op_def.h"
#include "ir/rewrite.h"
#include "passes/lib/fold.h"
#include "passes/lib/label.h"
#include "passes/passes.h"

namespace linnet::passes {
namespace {

using ir::Node;
using ir::Shape;

// The shape in which a factor by output channel multiplies the weight, or nullopt if the factor
// varies along anything else. `factor` broadcasts against the anchor's result.
std::optional<Shape> weight_factor_shape(const Node& anchor, const Shape& result,
                                         const Shape& factor, const Shape& weight) {
  // Where the output channels are: in the result, and in the weight.
  size_t in_result = result.size() - 1;
  size_t in_weight = weight.size() - 1;
  if (anchor.op == &ir::ops::conv2d) {
    in_result = 1;
    in_weight = 0;
  } else if (anchor.attrs.get_or(ir::Key<bool>{"transpose_b"}, false)) {
    in_weight = weight.size() - 2;
  }
  for (size_t dim = 0; dim < factor.size(); ++dim) {
    const size_t at = result.size() - factor.size() + dim;
    if (factor[dim] != 1 && at != in_result) return std::nullopt;
  }
  int64_t channels = 1;
  for (int64_t size : factor)
    channels *= size;
  Shape shape(weight.size(), 1);
  shape[in_weight] = channels;
  return shape;
}

}  // namespace

ir::Module fold_batch_norm(ir::Module module, PassContext& context) {
  for (ir::Graph& graph : module.graphs) {
    const auto users = graph.users();
    graph = ir::rewrite(graph, [&](ir::Rewriter& r, ir::NodeId, const Node& node) {
      if (node.op != &ir::ops::mul) return false;
      const Node* anchor = graph.producer(node.operands[0]);
      const Node* factor = constant_node(graph, node.operands[1]);
      if (!anchor || !anchor->op->has(ir::kAnchor) || !factor) return false;
      const std::string name = label(graph, *anchor);
      const ir::Type& result = graph.value(node.results.front()).type;
      if (users[static_cast<size_t>(node.operands[0].index)].size() != 1) {
        context.refused(node.place, name + " has another user");
        return false;
      }
      const Node* weight = constant_node(graph, anchor->operands[1]);
      if (!weight || !result.same_logical(graph.value(node.operands[0]).type)) {
        context.refused(node.place, "the weight of " + name + " is no constant");
        return false;
      }
      const auto shape = weight_factor_shape(*anchor, result.shape, factor->tensor->type().shape,
                                             weight->tensor->type().shape);
      if (!shape) {
        context.refused(node.place, "the factor after " + name + " is not one for each channel");
        return false;
      }
      if (!context.may_rewrite(node.place, "factor after " + name + " into its weight"))
        return false;
      const ir::Place place = merged(anchor->place, node.place);
      const ir::Builder b = r.at(place);
      const auto wide = create_folded(b, ir::ops::reshape, {r[node.operands[1]]},
                                      {{"shape", ir::Ints(*shape)}}, {"factor"});
      const auto scaled = create_folded(b, ir::ops::mul, {r[anchor->operands[1]], wide.front()}, {},
                                        {graph.value(anchor->operands[1]).name});
      ir::Builder at = r.at(place);
      r.replace(node.results.front(),
                at.create(*anchor->op, {r[anchor->operands[0]], scaled.front()}, anchor->attrs,
                          graph.value(node.operands[0]).name));
      return true;
    });
  }
  return module;
}

}  // namespace linnet::passes
