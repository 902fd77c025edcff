#include "ir/op_def.h"
#include "passes/graphs.h"
#include "passes/passes.h"

namespace linnet::passes {

ir::Module drop_dead(ir::Module module, PassContext& context) {
  for (ir::Graph& graph : module.graphs) {
    std::vector<bool> live(graph.values().size(), false);
    for (const ir::GraphOutput& output : graph.outputs)
      live[static_cast<size_t>(output.value.index)] = true;
    std::vector<bool> needed(graph.nodes().size(), false);
    for (size_t i = graph.nodes().size(); i-- > 0;) {
      const ir::Node& node = graph.nodes()[i];
      for (ir::ValueId result : node.results)
        needed[i] = needed[i] || live[static_cast<size_t>(result.index)];
      if (!needed[i])
        needed[i] = !context.may_rewrite(node.place, label(graph, node) + " is unused");
      if (!needed[i]) continue;
      for (ir::ValueId operand : node.operands) {
        if (operand) live[static_cast<size_t>(operand.index)] = true;
      }
    }
    graph = ir::rewrite(graph, [&](ir::Rewriter&, ir::NodeId id, const ir::Node&) {
      return !needed[static_cast<size_t>(id.index)];
    });
  }
  return module;
}

}  // namespace linnet::passes
