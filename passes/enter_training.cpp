// Every op that is something else in training becomes what its record says (OpDef::in_training).
#include "ir/entries.h"
#include "ir/loop.h"
#include "ir/op_def.h"
#include "ir/recipe.h"
#include "ir/rewrite.h"
#include "ir/samples.h"
#include "ir/training.h"
#include "passes/lib/label.h"
#include "passes/passes.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

namespace linnet::passes {
namespace {

// Where the samples of a shard lie in each value of its step.
class ShardSamples {
public:
  explicit ShardSamples(const ir::Graph& graph) {
    // As batches are made: samples follow each other, of windows with a row for each step.
    for (const ir::GraphInput& input : graph.inputs) {
      const ir::Shape& shape = graph.value(input.value).type.shape;
      if (!input.slot.empty() || shape.empty()) continue;
      if (batch_ == 0) batch_ = std::max<int64_t>(shape[0], 1);
      inputs_[input.value] = {0, std::max<int64_t>(shape[0] / batch_, 1)};
    }
    known_ = ir::value_samples(graph, inputs_, batch_);
  }

  // Elements of the value that follow each other in the whole batch's, 0 where it is the same for
  // all shards; nullopt if nobody knows.
  [[nodiscard]] std::optional<int64_t> run(const ir::Graph& graph, ir::ValueId value) const {
    const ir::ValueSamples& known = (*known_)[value];
    if (!known.batch) return 0;
    if (!known.apart) return std::nullopt;
    const ir::Shape& shape = graph.value(value).type.shape;
    return batch_ * known.apart->inner *
           ir::element_count(
               {shape.begin() + static_cast<ptrdiff_t>(known.apart->dim) + 1, shape.end()});
  }

private:
  int64_t batch_ = 0;
  std::map<ir::ValueId, ir::Samples> inputs_;
  std::optional<ir::ValueMap<ir::ValueSamples>> known_;
};

class Training {
public:
  Training(const ir::Graph& graph, int64_t shards, const ShardSamples* shard)
      : r_(graph), seed_(graph.input_of(ir::kSeedSlot)), step_(graph.input_of(ir::kStepSlot)),
        shards_(shards), shard_(shard) {}

  ir::Graph run(PassContext& context) {
    for (const ir::Node& node : r_.old().nodes()) {
      if (!changes(node) ||
          !context.may_rewrite(node.place, label(r_.old(), node) + " as in training")) {
        r_.copy(node);
      } else {
        replace(node, context);
      }
    }
    ir::Graph graph = r_.finish();
    for (const auto& [slot, value] : moved_)
      graph.outputs.push_back({slot, value, slot});
    return graph;
  }

private:
  // The slot that a running operand reads; "" of other operands, and if it reads none.
  [[nodiscard]] std::string slot_of(const ir::Node& node, size_t i) const {
    if (i >= node.op->operands.size() || !node.op->operands[i].running) return "";
    const auto& inputs = r_.old().inputs;
    const auto input = std::ranges::find(inputs, node.operands[i], &ir::GraphInput::value);
    return input == inputs.end() ? "" : input->slot;
  }

  [[nodiscard]] bool changes(const ir::Node& node) const {
    if (!node.op->in_training) return false;
    if (node.op->has(ir::kTrainingOnly) && !(seed_ && step_)) return false;
    for (size_t i = 0; i < node.operands.size() && i < node.op->operands.size(); ++i) {
      if (node.op->operands[i].running && slot_of(node, i).empty()) return false;
    }
    return true;
  }

  // Where the numbers of an op of noise come from.
  ir::NoiseSource source(const ir::Node& node, PassContext& context) {
    ir::NoiseSource source{seed_ ? r_[seed_] : seed_, step_ ? r_[step_] : step_};
    if (!shard_ || !node.op->has(ir::kTrainingOnly)) return source;
    const auto run = shard_->run(r_.old(), node.operands.front());
    if (!run)
      context.errors.push_back(
          {node.place,
           fmt::format("'shards' cuts the batch, and where its samples lie in the operand of {} "
                       "is not known: an op before it takes them together",
                       label(r_.old(), node)),
           "shards: 1, or " + std::string(node.op->name) + " ahead of that op"});
    source.shard = r_[r_.old().input_of(ir::kShardSlot)];
    source.run = run.value_or(0);
    return source;
  }

  void replace(const ir::Node& node, PassContext& context) {
    std::vector<ir::ValueId> operands = r_.mapped(node.operands);
    for (size_t i = 0; i < operands.size(); ++i) {  // a layer of two uses moves its slots twice
      const auto known = moved_.find(slot_of(node, i));
      if (known != moved_.end()) operands[i] = known->second;
    }
    std::vector<ir::ValueId> moved(operands.size());
    ir::Builder builder = r_.at(node.place);
    ir::TrainingContext training(builder, operands, node.attrs, source(node, context), shards_,
                                 moved);
    const ir::ValueId result = node.op->in_training(training);
    for (size_t i = 0; i < moved.size(); ++i) {
      if (moved[i]) moved_[slot_of(node, i)] = moved[i];
    }
    r_.rename(result, r_.old().value(node.results.front()).name);
    r_.replace(node.results.front(), result);
  }

  ir::Rewriter r_;
  ir::ValueId seed_, step_;
  int64_t shards_;
  const ShardSamples* shard_;                 // null: nothing is drawn by a sample's place
  std::map<std::string, ir::ValueId> moved_;  // by slot: its next value
};

// The counter that says which shard is computed, and the step with it as an input.
void add_shard(ir::Module& module, ir::Graph& step) {
  const ir::Type type{ir::DType::kI64, {}, {}};
  step.add_input("shard", type, std::string(ir::kShardSlot));
  step = ir::rewrite(step, [](ir::Rewriter&, ir::NodeId, const ir::Node&) { return false; });
  ir::Slot slot;
  slot.path = ir::kShardSlot;
  slot.type = type;
  slot.initializer = {"zeros", {}};
  slot.kind = ir::SlotKind::kCounter;
  slot.place = ir::Place::named("train");
  module.slots.push_back(std::move(slot));
}

}  // namespace

ir::Module enter_training(ir::Module module, PassContext& context) {
  const ir::Graph* step = module.graph(ir::kTrainStep);
  if (!step) return module;
  const ir::Graph before = *step;
  const int64_t shards = ir::shards_of(module.train);
  if (shards > 1) {
    // The records of the ops say where samples go, those of a loop's body step by step.
    ir::Graph shard = ir::without_loops(module, before);
    const bool draws = std::ranges::any_of(
        shard.nodes(), [](const ir::Node& node) { return node.op->has(ir::kTrainingOnly); });
    if (draws && context.may_rewrite(ir::Place::named("train"), "a step is told its shard")) {
      add_shard(module, shard);
      const ShardSamples samples(shard);
      *module.graph(ir::kTrainStep) = Training(shard, shards, &samples).run(context);
      return module;
    }
  }
  *module.graph(ir::kTrainStep) = Training(before, shards, nullptr).run(context);
  return module;
}

}  // namespace linnet::passes
