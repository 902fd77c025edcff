// Every op that is something else in training becomes what its record says (OpDef::in_training).
#include "ir/op_def.h"
#include "ir/rewrite.h"
#include "ir/training.h"
#include "passes/lib/label.h"
#include "passes/passes.h"

#include <algorithm>
#include <map>

namespace linnet::passes {
namespace {

class Training {
public:
  explicit Training(const ir::Graph& graph)
      : r_(graph), seed_(graph.input_of(ir::kSeedSlot)), step_(graph.input_of(ir::kStepSlot)) {}

  ir::Graph run(PassContext& context) {
    for (const ir::Node& node : r_.old().nodes()) {
      if (!changes(node) ||
          !context.may_rewrite(node.place, label(r_.old(), node) + " as in training")) {
        r_.copy(node);
      } else {
        replace(node);
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

  void replace(const ir::Node& node) {
    std::vector<ir::ValueId> operands = r_.mapped(node.operands);
    for (size_t i = 0; i < operands.size(); ++i) {  // a layer of two uses moves its slots twice
      const auto known = moved_.find(slot_of(node, i));
      if (known != moved_.end()) operands[i] = known->second;
    }
    std::vector<ir::ValueId> moved(operands.size());
    ir::Builder builder = r_.at(node.place);
    const ir::ValueId seed = seed_ ? r_[seed_] : seed_, step = step_ ? r_[step_] : step_;
    ir::TrainingContext context(builder, operands, node.attrs, seed, step, moved);
    const ir::ValueId result = node.op->in_training(context);
    for (size_t i = 0; i < moved.size(); ++i) {
      if (moved[i]) moved_[slot_of(node, i)] = moved[i];
    }
    r_.rename(result, r_.old().value(node.results.front()).name);
    r_.replace(node.results.front(), result);
  }

  ir::Rewriter r_;
  ir::ValueId seed_, step_;
  std::map<std::string, ir::ValueId> moved_;  // by slot: its next value
};

}  // namespace

ir::Module enter_training(ir::Module module, PassContext& context) {
  if (ir::Graph* graph = module.graph(ir::kTrainStep)) {
    const ir::Graph before = *graph;
    *graph = Training(before).run(context);
  }
  return module;
}

}  // namespace linnet::passes
