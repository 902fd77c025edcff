// The pass freeze_parameters: slots of parameters become constants.
#include "ir/initialize.h"
#include "ir/op_def.h"
#include "passes/passes.h"

#include "ir/rewrite.h"

namespace linnet::passes {
namespace {

bool freezes(const ir::Slot& slot) {
  return slot.kind == ir::SlotKind::kParameter || slot.kind == ir::SlotKind::kBuffer;
}

}  // namespace

ir::Module freeze_parameters(ir::Module module, PassContext& context) {
  // In training parameters change.
  if (module.graph(ir::kTrainStep) || module.graph(ir::kEvaluate)) return module;
  for (ir::Graph& graph : module.graphs) {
    ir::Rewriter rewriter(graph, [&](const ir::GraphInput& input) {
      return input.slot.empty() || !freezes(*module.slot(input.slot));
    });
    for (const ir::GraphInput& input : graph.inputs) {
      if (input.slot.empty() || !freezes(*module.slot(input.slot))) continue;
      const ir::Slot& slot = *module.slot(input.slot);
      rewriter.replace(input.value, rewriter.at(slot.place)
                                        .constant(ir::initial_value(module, slot, context.seed),
                                                  graph.value(input.value).name, !slot.value));
    }
    for (const ir::Node& node : graph.nodes())
      rewriter.copy(node);
    graph = rewriter.finish();
  }
  std::erase_if(module.slots, freezes);
  return module;
}

}  // namespace linnet::passes
