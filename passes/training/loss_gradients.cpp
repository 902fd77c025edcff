// Loss + penalty by the parameters, in the step itself or in a graph of its own.
#include "passes/training/loss_gradients.h"

#include "ir/builder.h"
#include "ir/entries.h"
#include "ir/op_def.h"
#include "ir/recipe.h"
#include "ir/rewrite.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::passes {
namespace {

ir::ValueId output_named(const ir::Graph& graph, std::string_view name) {
  const auto at = std::ranges::find(graph.outputs, name, &ir::GraphOutput::name);
  return at == graph.outputs.end() ? ir::ValueId() : at->value;
}

// The parameters that are trained, without their gradients.
LossGradients trained(const ir::Module& module, const ir::Graph& graph) {
  LossGradients made;
  for (const ir::GraphInput& input : graph.inputs) {
    const ir::Slot* slot = module.slot(input.slot);
    if (slot && is_trained(*slot)) made.parameters.push_back(input);
  }
  return made;
}

std::vector<ir::ValueId> values_of(const std::vector<ir::GraphInput>& parameters) {
  std::vector<ir::ValueId> values;
  for (const ir::GraphInput& parameter : parameters)
    values.push_back(parameter.value);
  return values;
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
  LossGradients made = trained(module, graph);
  made.gradients = append_gradients(graph, root, values_of(made.parameters));
  return made;
}

ir::Var mean_over_shards(const ir::Var& sum, int64_t shards) {
  return sum * (1 / static_cast<double>(shards));
}

LossGradients append_update_gradients(const ir::Module& module, ir::Graph& graph) {
  LossGradients made = trained(module, graph);
  const std::vector<ir::ValueId> by = values_of(made.parameters);
  std::vector<ir::ValueId> of_penalty(by.size());
  if (const ir::ValueId penalty = output_named(graph, ir::kPenalty)) {
    made.gradients = append_gradients(graph, penalty, by);
    of_penalty = std::move(made.gradients.values);
    made.gradients.values.clear();
  }
  const int64_t shards = ir::shards_of(module.train);
  for (size_t i = 0; i < by.size(); ++i) {
    ir::Builder builder = ir::Builder(graph).at(ir::Place::named("train"));
    ir::Type type = graph.value(by[i]).type;
    type.layout = {};
    const std::string name = fmt::format("d_{}_sum", graph.value(by[i]).name);
    ir::Var gradient = mean_over_shards({builder, graph.add_input(name, type)}, shards);
    if (of_penalty[i]) gradient = gradient + ir::Var(builder, of_penalty[i]);
    made.gradients.values.push_back(gradient.id());
  }
  return made;
}

ir::ValueId gradient_or_zeros(ir::Graph& graph, const ir::Slot& slot, ir::ValueId gradient) {
  if (gradient) return gradient;
  return ir::Builder(graph)
      .at(slot.place)
      .constant(ir::Tensor::splat({slot.type.dtype, slot.type.shape, {}}, 0));
}

}  // namespace linnet::passes
