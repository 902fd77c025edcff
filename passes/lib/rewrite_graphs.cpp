// One rewrite for every entry graph of a module.
#include "passes/lib/rewrite_graphs.h"

#include "ir/op_def.h"

namespace linnet::passes {

ir::Module
rewrite_graphs(ir::Module module,
               const std::function<bool(ir::Rewriter&, ir::NodeId, const ir::Node&)>& visit) {
  for (ir::Graph& graph : module.graphs)
    graph = ir::rewrite(graph, visit);
  return module;
}

ir::Module without_unused_constants(ir::Module module) {
  for (ir::Graph& graph : module.graphs) {
    const auto users = graph.users();
    graph = ir::rewrite(graph, [&](ir::Rewriter&, ir::NodeId, const ir::Node& node) {
      return node.tensor && users[static_cast<size_t>(node.results.front().index)].empty();
    });
  }
  return module;
}

void expand(ir::Rewriter& rewriter, const ir::Node& node) {
  ir::Builder builder = rewriter.at(node.place);
  const auto results = node.op->expand(builder, rewriter.mapped(node.operands), node.attrs);
  for (size_t i = 0; i < results.size(); ++i) {
    rewriter.rename(results[i], rewriter.old().value(node.results[i]).name);
    rewriter.replace(node.results[i], results[i]);
  }
}

}  // namespace linnet::passes
