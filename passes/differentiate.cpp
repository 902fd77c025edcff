// The pass differentiate: gradients and the optimiser's step are appended to the training graph.
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

}  // namespace

ir::Module differentiate(ir::Module module, PassContext& context) {
  ir::Graph* step = module.graph(ir::kTrainStep);
  const bool done = step && std::ranges::any_of(step->outputs, [&](const ir::GraphOutput& o) {
                      const ir::Slot* slot = module.slot(o.slot);
                      return slot && slot->kind == ir::SlotKind::kParameter;
                    });
  if (!step || done) return module;
  ir::Graph graph = expand_for_gradient(module, *step);
  const auto loss = std::ranges::find(graph.outputs, ir::kLoss, &ir::GraphOutput::name);
  const ir::Node* last = graph.producer(loss->value);
  const ir::Place place = last ? last->place : ir::Place::named("loss");
  if (!context.may_rewrite(place, "the gradient of %" + graph.value(loss->value).name))
    return module;
  if (ir::chosen_optimizer(module.train).record->solves_at_once())
    check_least_squares(module, context);
  LossGradients made = append_loss_gradients(module, graph);
  for (Blocked& blocked : made.gradients.blocked)
    context.errors.push_back({std::move(blocked.place), std::move(blocked.message),
                              "freeze the parameter, or compute the loss without this op"});
  Updates(module, graph).run(made.parameters, std::move(made.gradients.values));
  // The optimiser's slots were met on the way; in a graph inputs come first.
  *module.graph(ir::kTrainStep) =
      ir::rewrite(graph, [](ir::Rewriter&, ir::NodeId, const ir::Node&) { return false; });
  return module;
}

}  // namespace linnet::passes
