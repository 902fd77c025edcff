// The pass drop_dead: nodes that no output depends on go.
#include "ir/op_def.h"
#include "ir/rewrite.h"
#include "passes/lib/label.h"
#include "passes/passes.h"

#include <set>

namespace linnet::passes {

ir::Module drop_dead(ir::Module module, PassContext& context) {
  for (ir::Graph& graph : module.graphs) {
    graph = ir::without_unused(graph, [&](const ir::Node& node) {
      return context.may_rewrite(node.place, label(graph, node) + " is unused");
    });
  }
  std::set<std::string> bodies;
  for (const ir::Graph& graph : module.graphs) {
    for (const ir::Node& node : graph.nodes()) {
      if (node.op == &ir::ops::loop) bodies.insert(node.callee);
    }
  }
  std::erase_if(module.graphs, [&](const ir::Graph& graph) {
    return graph.name.find(".loop") != std::string::npos && !bodies.contains(graph.name);
  });
  return module;
}

}  // namespace linnet::passes
