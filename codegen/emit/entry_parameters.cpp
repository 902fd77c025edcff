// What an entry function takes, in order.
#include "codegen/emit/emit.h"

#include "ir/entries.h"
#include "passes/lib/shard_points.h"

namespace linnet::codegen {

std::vector<EntryParameter> entry_parameters(const EntryInfo& entry) {
  const ir::Graph& graph = *entry.graph;
  std::vector<EntryParameter> inputs, outputs;
  bool slots = false, counters = false;
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    const ir::Slot* slot = entry.module->slot(graph.inputs[i].slot);
    if (!slot) {
      inputs.push_back({EntryParameter::kInput, i});
    } else {
      (slot->kind == ir::SlotKind::kCounter ? counters : slots) = true;
    }
  }
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    if (graph.outputs[i].slot.empty()) {
      outputs.push_back({EntryParameter::kOutput, i});
    } else {
      slots = true;
    }
  }
  counters = counters || !passes::shard_points(graph).empty();  // the phase
  std::vector<EntryParameter> all;
  const auto append = [&](const std::vector<EntryParameter>& more) {
    all.insert(all.end(), more.begin(), more.end());
  };
  const std::vector<EntryParameter> blob(slots ? 1 : 0, {EntryParameter::kSlots, 0});
  const bool trains = graph.name == ir::kTrainStep || graph.name == ir::kShardStep ||
                      graph.name == ir::kUpdate || graph.name == ir::kEvaluate ||
                      graph.name == ir::kGradients;
  if (graph.name == ir::kPredict || graph.name == ir::kInit) append(blob);
  append(inputs);
  if (trains) append(blob);
  if (counters) all.push_back({EntryParameter::kCounters, 0});
  append(outputs);
  if (graph.name == ir::kStep) append(blob);
  all.push_back({EntryParameter::kArena, 0});
  return all;
}

}  // namespace linnet::codegen
