// The gradients of a training step as outputs of a graph of its own, for whoever logs them.
#include "ir/entries.h"
#include "ir/rewrite.h"
#include "passes/passes.h"
#include "passes/training/loss_gradients.h"

#include <algorithm>

namespace linnet::passes {

ir::Module log_gradients(ir::Module module, PassContext&) {
  const ir::Graph* step = module.graph(ir::kTrainStep);
  const ir::Graph* update = module.graph(ir::kUpdate);  // of the sums over shards
  if (!step && !update) return module;
  ir::Graph graph = expand_for_gradient(module, step ? *step : *update);
  const LossGradients made =
      step ? append_loss_gradients(module, graph) : append_update_gradients(module, graph);
  graph.name = ir::kGradients;
  graph.outputs.clear();
  for (const ir::Slot& slot : module.slots) {
    if (!is_trained(slot)) continue;
    const auto at = std::ranges::find(made.parameters, slot.path, &ir::GraphInput::slot);
    ir::ValueId gradient;
    if (at != made.parameters.end())
      gradient = made.gradients.values[static_cast<size_t>(at - made.parameters.begin())];
    graph.outputs.push_back({slot.path, gradient_or_zeros(graph, slot, gradient), ""});
  }
  module.graphs.push_back(ir::without_unused(graph, [](const ir::Node&) { return true; }));
  return module;
}

}  // namespace linnet::passes
