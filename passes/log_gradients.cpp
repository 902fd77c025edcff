// The gradients of a training step as outputs of a graph of its own, for whoever logs them.
#include "ir/builder.h"
#include "ir/entries.h"
#include "ir/rewrite.h"
#include "passes/passes.h"
#include "passes/training/loss_gradients.h"

#include <algorithm>

namespace linnet::passes {

ir::Module log_gradients(ir::Module module, PassContext&) {
  const ir::Graph* step = module.graph(ir::kTrainStep);
  if (!step) return module;
  ir::Graph graph = expand_for_gradient(module, *step);
  const LossGradients made = append_loss_gradients(module, graph);
  graph.name = ir::kGradients;
  graph.outputs.clear();
  for (const ir::Slot& slot : module.slots) {
    if (!is_trained(slot)) continue;
    const auto at = std::ranges::find(made.parameters, slot.path, &ir::GraphInput::slot);
    ir::ValueId gradient;
    if (at != made.parameters.end())
      gradient = made.gradients.values[static_cast<size_t>(at - made.parameters.begin())];
    if (!gradient)
      gradient = ir::Builder(graph)
                     .at(slot.place)
                     .constant(ir::Tensor::splat({slot.type.dtype, slot.type.shape, {}}, 0));
    graph.outputs.push_back({slot.path, gradient, ""});
  }
  module.graphs.push_back(ir::without_unused(graph, [](const ir::Node&) { return true; }));
  return module;
}

}  // namespace linnet::passes
