// The pass expand_ops: ops with an `expand` become smaller ones.
#include "ir/op_def.h"
#include "passes/lib/label.h"
#include "passes/lib/rewrite_graphs.h"
#include "passes/passes.h"

#include <algorithm>

namespace linnet::passes {

ir::Module expand_ops(ir::Module module, PassContext& context) {
  // What an op expands to may hold another that expands; none goes deeper.
  bool refused = false;
  const auto more = [&] {
    return std::ranges::any_of(module.graphs, [](const ir::Graph& graph) {
      return std::ranges::any_of(graph.nodes(),
                                 [](const ir::Node& node) { return node.op->expand != nullptr; });
    });
  };
  while (!refused && more()) {
    module = rewrite_graphs(
        std::move(module), [&](ir::Rewriter& rewriter, ir::NodeId, const ir::Node& node) {
          if (!node.op->expand) return false;
          if (!context.may_rewrite(node.place, "expanded " + label(rewriter.old(), node))) {
            refused = true;
            return false;
          }
          expand(rewriter, node);
          return true;
        });
  }
  return module;
}

}  // namespace linnet::passes
