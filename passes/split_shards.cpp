// The pass split_shards: a training step of a shard of the batch, and what is done with the sums.
#include "ir/entries.h"
#include "ir/recipe.h"
#include "ir/rewrite.h"
#include "ir/var.h"
#include "passes/passes.h"
#include "passes/training/loss_gradients.h"

#include "support/check.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::passes {
namespace {

// What a shard leaves to be summed: the loss, then the statistics it would have moved.
std::vector<ir::GraphOutput> summed(const ir::Graph& step) {
  std::vector<ir::GraphOutput> outputs;
  for (const ir::GraphOutput& output : step.outputs) {
    if (output.name != ir::kPenalty) outputs.push_back(output);
  }
  LINNET_CHECK(!outputs.empty() && outputs.front().name == ir::kLoss, "a step without a loss");
  return outputs;
}

ir::Graph shard_step(const ir::Graph& step) {
  ir::Graph graph = step;
  graph.name = ir::kShardStep;
  graph.outputs = summed(step);
  for (ir::GraphOutput& output : graph.outputs)
    output.slot.clear();
  return ir::without_unused(graph);
}

// The mean over the shards of what they have summed, and the penalty, which has no samples.
ir::Graph update(const ir::Graph& step, int64_t shards) {
  ir::Graph penalty = step;
  std::erase_if(penalty.outputs,
                [](const ir::GraphOutput& output) { return output.name != ir::kPenalty; });
  penalty = ir::without_unused(penalty);
  ir::Rewriter r(penalty, [](const ir::GraphInput& input) {
    return !input.slot.empty() && input.slot != ir::kSeedSlot && input.slot != ir::kShardSlot;
  });
  ir::Graph& graph = r.graph();
  std::vector<ir::ValueId> sums;
  for (const ir::GraphOutput& output : summed(step)) {
    ir::Type type = step.value(output.value).type;
    type.layout = {};
    sums.push_back(graph.add_input(output.name + "_sum", type));
  }
  for (const ir::Node& node : penalty.nodes())
    r.copy(node);
  ir::Graph made = r.finish();
  made.name = ir::kUpdate;
  const std::vector<ir::GraphOutput> penalties = std::move(made.outputs);
  made.outputs.clear();
  size_t i = 0;
  for (const ir::GraphOutput& output : summed(step)) {
    const ir::Node* last = step.producer(output.value);
    ir::Builder builder = ir::Builder(made).at(last ? last->place : ir::Place::named(output.name));
    const ir::Var mean = mean_over_shards({builder, sums[i++]}, shards);
    made.rename(mean.id(), output.slot.empty() ? output.name : output.slot + "_next");
    made.outputs.push_back({output.name, mean.id(), output.slot});
  }
  made.outputs.insert(made.outputs.begin() + 1, penalties.begin(), penalties.end());
  std::ranges::stable_partition(made.inputs,
                                [](const ir::GraphInput& input) { return input.slot.empty(); });
  return ir::rewrite(made, [](ir::Rewriter&, ir::NodeId, const ir::Node&) { return false; });
}

// What is summed lies in one block of numbers of one type.
bool is_of_one_type(const ir::Module& module, const ir::Graph& step, PassContext& context) {
  const ir::DType dtype = step.value(summed(step).front().value).type.dtype;
  for (const ir::GraphInput& input : step.inputs) {
    const ir::Slot* slot = module.slot(input.slot);
    const bool moved =
        std::ranges::find(step.outputs, input.slot, &ir::GraphOutput::slot) != step.outputs.end();
    if (!slot || (!is_trained(*slot) && !moved) || slot->type.dtype == dtype) continue;
    context.errors.push_back({slot->place,
                              fmt::format("'shards' adds up numbers of the loss's type, {}, and "
                                          "'{}' is {}",
                                          name(dtype), slot->path, name(slot->type.dtype)),
                              "freeze it, or shards: 1"});
    return false;
  }
  return true;
}

}  // namespace

ir::Module split_shards(ir::Module module, PassContext& context) {
  const int64_t shards = ir::shards_of(module.train);
  const auto at = std::ranges::find(module.graphs, ir::kTrainStep, &ir::Graph::name);
  if (shards == 1 || at == module.graphs.end()) return module;
  const ir::Place place = ir::Place::named("train");
  if (!is_of_one_type(module, *at, context) ||
      !context.may_rewrite(place, fmt::format("@train_step is one of {} shards", shards)))
    return module;
  ir::Graph of_sums = update(*at, shards);
  *at = shard_step(*at);
  module.graphs.insert(at + 1, std::move(of_sums));
  return module;
}

}  // namespace linnet::passes
