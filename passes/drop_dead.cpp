// The pass drop_dead: nodes that no output depends on go.
#include "ir/op_def.h"
#include "ir/rewrite.h"
#include "passes/lib/label.h"
#include "passes/passes.h"

namespace linnet::passes {

ir::Module drop_dead(ir::Module module, PassContext& context) {
  for (ir::Graph& graph : module.graphs) {
    graph = ir::without_unused(graph, [&](const ir::Node& node) {
      return context.may_rewrite(node.place, label(graph, node) + " is unused");
    });
  }
  return module;
}

}  // namespace linnet::passes
