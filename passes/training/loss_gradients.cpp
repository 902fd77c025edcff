// Loss + penalty by the parameters, in the step itself or in a graph of its own.
#include "passes/training/loss_gradients.h"

#include "ir/builder.h"
#include "ir/op_def.h"
#include "ir/rewrite.h"

#include <algorithm>

namespace linnet::passes {
namespace {

ir::ValueId output_named(const ir::Graph& graph, std::string_view name) {
  const auto at = std::ranges::find(graph.outputs, name, &ir::GraphOutput::name);
  return at == graph.outputs.end() ? ir::ValueId() : at->value;
}

bool is_trained(const ir::Slot& slot) {
  return slot.kind == ir::SlotKind::kParameter && !slot.frozen;
}

}  // namespace

LossGradients append_loss_gradients(const ir::Module& module, ir::Graph& graph) {
  ir::ValueId root = output_named(graph, "loss");
  if (const ir::ValueId penalty = output_named(graph, "penalty")) {
    const ir::Node* last = graph.producer(root);
    const ir::Place place = last ? last->place : ir::Place::named("loss");
    root = ir::Builder(graph).at(place).create(ir::ops::add, {root, penalty}, {}, "total");
  }
  LossGradients made;
  std::vector<ir::ValueId> by;
  for (const ir::GraphInput& input : graph.inputs) {
    const ir::Slot* slot = module.slot(input.slot);
    if (!slot || !is_trained(*slot)) continue;
    made.parameters.push_back(input);
    by.push_back(input.value);
  }
  made.gradients = append_gradients(graph, root, by);
  return made;
}

void append_gradients_graph(ir::Module& module) {
  const ir::Graph* step = module.graph(ir::kTrainStep);
  if (!step) return;
  ir::Graph graph = expand_for_gradient(*step);
  const LossGradients made = append_loss_gradients(module, graph);
  graph.name = kGradients;
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
}

}  // namespace linnet::passes
