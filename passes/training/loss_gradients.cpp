// Loss + penalty by the parameters, in the step itself or in a graph of its own.
#include "passes/training/loss_gradients.h"

#include "ir/builder.h"
#include "ir/entries.h"
#include "ir/op_def.h"
#include "ir/rewrite.h"

#include <algorithm>

namespace linnet::passes {
namespace {

ir::ValueId output_named(const ir::Graph& graph, std::string_view name) {
  const auto at = std::ranges::find(graph.outputs, name, &ir::GraphOutput::name);
  return at == graph.outputs.end() ? ir::ValueId() : at->value;
}

}  // namespace

bool is_trained(const ir::Slot& slot) {
  return slot.kind == ir::SlotKind::kParameter && !slot.frozen;
}

LossGradients append_loss_gradients(const ir::Module& module, ir::Graph& graph) {
  ir::ValueId root = output_named(graph, ir::kLoss);
  if (const ir::ValueId penalty = output_named(graph, ir::kPenalty)) {
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

}  // namespace linnet::passes
