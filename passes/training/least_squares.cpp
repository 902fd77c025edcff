// Says what keeps a model from a closed-form fit: another loss, a state, a nonlinear layer.
#include "passes/training/least_squares.h"

#include "ir/value_map.h"
#include "passes/training/backward.h"

#include <algorithm>

namespace linnet::passes {
namespace {

// Is the value of a penalty or a setting in the way?
const ir::Declaration* in_the_way(const ir::Module& module) {
  const ir::Declaration* loss = module.training("loss");
  if (loss && loss->recipe.attrs.get(ir::Key<std::string>{"text"}) != "mse") return loss;
  return module.training("clip");
}

}  // namespace

void check_least_squares(const ir::Module& module, PassContext& context) {
  const ir::Place& asked = module.training("optimizer")->place;
  if (const ir::Declaration* other = in_the_way(module)) {
    context.errors.push_back({other->place,
                              "least_squares minimises the mean squared error and nothing else",
                              "loss: mse without clip, or another optimizer: adam(lr: 0.01)"});
    return;
  }
  ir::Graph graph = expand_for_gradient(module, module.graphs.front());
  if (graph.outputs.size() != 1) {
    context.errors.push_back(
        {asked, "least_squares is for a model with one output", "optimizer: adam(lr: 0.01)"});
    return;
  }
  std::vector<ir::ValueId> by;
  for (const ir::GraphInput& input : graph.inputs) {
    const ir::Slot* slot = module.slot(input.slot);
    if (!slot || slot->kind != ir::SlotKind::kParameter || slot->frozen) continue;
    by.push_back(input.value);
  }
  const Gradients gradients = append_gradients(graph, graph.outputs.front().value, by);
  // What the derivatives need, and what of that depends on a parameter.
  ir::ValueMap<bool> needed(graph, false);
  for (ir::ValueId gradient : gradients.values) {
    if (gradient) needed[gradient] = true;
  }
  for (size_t i = graph.nodes().size(); i-- > 0;) {
    const ir::Node& node = graph.nodes()[i];
    const bool used =
        std::ranges::any_of(node.results, [&](ir::ValueId result) { return needed[result]; });
    for (ir::ValueId operand : node.operands) {
      if (used && operand) needed[operand] = true;
    }
  }
  const ir::ValueMap<bool> depends = ir::dependents(graph, by);
  const auto report = [&](const ir::Place& place) {
    context.errors.push_back(
        {place,
         "least_squares needs an output that is affine in the parameters, and the "
         "derivative of this depends on them",
         "freeze the parameters that enter in another way, or choose another optimizer: "
         "adam(lr: 0.01)"});
  };
  for (const ir::Node& node : graph.nodes()) {
    const ir::ValueId result = node.results.front();
    if (depends[result] && needed[result]) return report(node.place);
  }
  for (ir::ValueId parameter : by) {
    if (needed[parameter]) return report(asked);
  }
}

}  // namespace linnet::passes
