// The pass differentiate: gradients and the optimiser's step are appended to the training graphs.
#include "ir/entries.h"
#include "ir/optimizer.h"
#include "ir/rewrite.h"
#include "passes/passes.h"
#include "passes/training/least_squares.h"
#include "passes/training/loss_gradients.h"

#include "support/check.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::passes {
namespace {

using ir::Var;

// The step from gradients to the next values of parameters and of the optimiser's own slots.
class Updates {
public:
  Updates(ir::Module& module, ir::Graph& graph)
      : module_(module), graph_(graph),
        builder_(ir::Builder(graph).at(ir::optimizer_place(module.train))) {}

  void run(const std::vector<ir::GraphInput>& parameters, std::vector<ir::ValueId> gradients) {
    const ir::ChosenOptimizer optimizer = ir::chosen_optimizer(module_.train);
    const ir::Optimizer& record = *optimizer.record;
    std::vector<Var> slopes;
    for (size_t i = 0; i < parameters.size(); ++i) {
      const Var weight(builder_, parameters[i].value);
      slopes.push_back(gradients[i] ? Var(builder_, gradients[i])
                                    : weight.splat(0).apply(ir::ops::broadcast_to,
                                                            {{"shape", ir::Ints(weight.shape())}}));
    }
    if (const ir::Declaration* clip = module_.training("clip")) clip_all(clip->recipe, slopes);
    const Var lr(builder_, graph_.input_of(ir::kRateSlot));
    const Var step = Var(builder_, graph_.input_of(ir::kStepSlot))
                         .apply(ir::ops::cast, {{"dtype", ir::DType::kF64}});
    for (size_t i = 0; i < parameters.size(); ++i) {
      const std::string& path = parameters[i].slot;
      const ir::UpdateContext context{
          optimizer.settings(),
          {builder_, parameters[i].value},
          slopes[i],
          lr,
          step,
          [&](std::string_view name) { return state(record, path, name); },
          [&](std::string_view name, const Var& next) {
            set(fmt::format("{}.{}", path, name), next);
          }};
      set(path, record.update ? record.update(context) : context.weight);
    }
  }

private:
  void set(const std::string& slot, const Var& next) {
    graph_.rename(next.id(), slot + "_next");
    graph_.outputs.push_back({slot, next.id(), slot});
  }

  Var state(const ir::Optimizer& record, const std::string& path, std::string_view name) {
    LINNET_CHECK(std::ranges::find(record.slots, name) != record.slots.end(),
                 fmt::format("{} has no slot '{}'", record.name, name));
    const std::string slot = fmt::format("{}.{}", path, name);
    if (const ir::ValueId known = graph_.input_of(slot)) return {builder_, known};
    const ir::Slot& parameter = *module_.slot(path);
    ir::Slot own;
    own.path = slot;
    own.type = parameter.type;
    own.initializer = {"zeros", {}};
    own.kind = ir::SlotKind::kOptimizer;
    own.place = parameter.place;
    module_.slots.push_back(own);
    return {builder_, graph_.add_input(slot, own.type, slot)};
  }

  // torch.nn.utils.clip_grad_norm_ over all parameters together, or clip_grad_value_.
  void clip_all(const ir::Recipe& recipe, std::vector<Var>& slopes) {
    const double most = recipe.attrs.get(ir::Key<double>{"value"});
    if (recipe.kind == "value") {
      for (Var& slope : slopes)
        slope = slope.apply(ir::ops::clip, {{"min", -most}, {"max", most}});
      return;
    }
    Var total;
    for (const Var& slope : slopes) {
      const Var square = slope.apply(ir::ops::square).apply(ir::ops::sum);
      total = total.id() ? total + square : square;
    }
    const Var norm = total.apply(ir::ops::sqrt);
    const Var factor =
        apply(ir::ops::minimum, norm.splat(most) / (norm + norm.splat(1e-6)), norm.splat(1));
    for (Var& slope : slopes)
      slope = slope * factor;
  }

  ir::Module& module_;
  ir::Graph& graph_;
  ir::Builder builder_;
};

void report(Gradients& gradients, PassContext& context) {
  for (Blocked& blocked : gradients.blocked)
    context.errors.push_back({std::move(blocked.place), std::move(blocked.message),
                              "freeze the parameter, or compute the loss without this op"});
}

// What was met on the way is an input; in a graph inputs come first.
ir::Graph in_order(const ir::Graph& graph) {
  return ir::rewrite(graph, [](ir::Rewriter&, ir::NodeId, const ir::Node&) { return false; });
}

ir::Graph whole_step(ir::Module& module, ir::Graph graph, PassContext& context) {
  LossGradients made = append_loss_gradients(module, graph);
  report(made.gradients, context);
  Updates(module, graph).run(made.parameters, std::move(made.gradients.values));
  return in_order(graph);
}

// A shard gives its gradients away; the update is made of their sums.
ir::Graph shard_step(const ir::Module& module, ir::Graph graph, PassContext& context) {
  LossGradients made = append_loss_gradients(module, graph);
  report(made.gradients, context);
  for (size_t i = 0; i < made.parameters.size(); ++i) {
    const ir::Slot& slot = *module.slot(made.parameters[i].slot);
    graph.outputs.push_back(
        {slot.path, gradient_or_zeros(graph, slot, made.gradients.values[i]), ""});
  }
  return in_order(graph);
}

ir::Graph update(ir::Module& module, PassContext& context) {
  ir::Graph graph = expand_for_gradient(module, *module.graph(ir::kUpdate));
  LossGradients made = append_update_gradients(module, graph);
  report(made.gradients, context);
  Updates(module, graph).run(made.parameters, std::move(made.gradients.values));
  return in_order(graph);
}

bool trains(const ir::Module& module, const ir::Graph& graph) {
  return std::ranges::any_of(graph.outputs, [&](const ir::GraphOutput& output) {
    const ir::Slot* slot = module.slot(output.slot);
    return slot && slot->kind == ir::SlotKind::kParameter;
  });
}

}  // namespace

ir::Module differentiate(ir::Module module, PassContext& context) {
  const bool sharded = module.graph(ir::kUpdate) != nullptr;
  const std::string_view name = sharded ? ir::kShardStep : ir::kTrainStep;
  const ir::Graph* step = module.graph(name);
  if (!step || trains(module, sharded ? *module.graph(ir::kUpdate) : *step)) return module;
  ir::Graph graph = expand_for_gradient(module, *step);
  const auto loss = std::ranges::find(graph.outputs, ir::kLoss, &ir::GraphOutput::name);
  const ir::Node* last = graph.producer(loss->value);
  const ir::Place place = last ? last->place : ir::Place::named("loss");
  if (!context.may_rewrite(place, "the gradient of %" + graph.value(loss->value).name))
    return module;
  if (ir::chosen_optimizer(module.train).record->solves_at_once())
    check_least_squares(module, context);
  if (sharded) {
    *module.graph(name) = shard_step(module, std::move(graph), context);
    ir::Graph made = update(module, context);
    *module.graph(ir::kUpdate) = std::move(made);
  } else {
    ir::Graph made = whole_step(module, std::move(graph), context);
    *module.graph(name) = std::move(made);
  }
  return module;
}

}  // namespace linnet::passes
