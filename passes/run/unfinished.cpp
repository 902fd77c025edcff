// The checks stand in the order of the pipeline, for a pass that is missing keeps later ones from
// finding their work.
#include "passes/run/unfinished.h"

#include "ir/op_def.h"
#include "passes/lib/label.h"

#include <fmt/format.h>

#include <functional>

namespace linnet::passes {
namespace {

struct Found {
  const ir::Graph* graph = nullptr;  // of the entry or kernel
  const ir::Node* node = nullptr;
};

using Test = std::function<bool(const ir::Graph&, const ir::Node&)>;

std::optional<Found> find_in(const ir::Graph& graph, const Test& test) {
  for (const ir::Node& node : graph.nodes()) {
    if (test(graph, node)) return Found{&graph, &node};
    for (const ir::Graph& region : node.regions) {
      if (auto found = find_in(region, test)) return found;
    }
  }
  return std::nullopt;
}

std::optional<Found> find_node(const ir::Module& module, const Test& test) {
  for (const auto* graphs : {&module.graphs, &module.kernels}) {
    for (const ir::Graph& graph : *graphs) {
      if (auto found = find_in(graph, test)) return found;
    }
  }
  return std::nullopt;
}

// Training keeps its parameters in slots, and ends with their next values.
std::optional<Unfinished> unfinished_slots(const ir::Module& module) {
  const ir::Graph* step = module.graph(ir::kTrainStep);
  if (step) {
    for (const ir::GraphOutput& output : step->outputs) {
      if (!output.slot.empty()) return std::nullopt;
    }
    return Unfinished{"differentiate",
                      "it computes the next value of each parameter, and @train_step has none"};
  }
  if (module.graph(ir::kEvaluate)) return std::nullopt;
  for (const ir::Slot& slot : module.slots) {
    if (slot.kind == ir::SlotKind::kParameter || slot.kind == ir::SlotKind::kBuffer)
      return Unfinished{
          "freeze_parameters",
          fmt::format("it makes parameters constants, and @{} is still read from outside",
                      slot.path)};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Unfinished> unfinished(const ir::Module& module) {
  if (auto slots = unfinished_slots(module)) return slots;
  const auto is_training_only = [](const ir::Graph&, const ir::Node& node) {
    return node.op->has(ir::kTrainingOnly);
  };
  if (const auto found = find_node(module, is_training_only)) {
    const bool step = found->graph->name == ir::kTrainStep;
    return Unfinished{step ? "enter_training" : "drop_dropout",
                      fmt::format("{}, and there is still {}",
                                  step ? "it draws the numbers of noise and dropout"
                                       : "it takes out what only training needs",
                                  label(*found->graph, *found->node))};
  }
  const auto is_abbreviation = [](const ir::Graph&, const ir::Node& node) {
    return node.op->expand != nullptr;
  };
  if (const auto found = find_node(module, is_abbreviation)) {
    return Unfinished{
        "expand_ops",
        fmt::format("it writes ops as smaller ones that have code, and there is still {}",
                    label(*found->graph, *found->node))};
  }
  for (const ir::Graph& graph : module.graphs) {
    for (const ir::Node& node : graph.nodes()) {
      const bool no_work = node.tensor || node.op == &ir::ops::call || node.op->has(ir::kView);
      if (no_work) continue;
      if (node.op != &ir::ops::group) {
        return Unfinished{"group_kernels",
                          fmt::format("it puts every op into a kernel, and {} stands outside",
                                      label(graph, node))};
      }
      const std::string name = graph.value(node.results.front()).name;
      if (!node.schedule) {
        return Unfinished{
            "choose_schedules",
            fmt::format("it says how each kernel is computed, and that of %{} has no schedule",
                        name)};
      }
      return Unfinished{
          "outline_kernels",
          fmt::format("it makes each group a function, and that of %{} is still none", name)};
    }
  }
  for (const ir::Graph& kernel : module.kernels) {
    if (!kernel.schedule)
      return Unfinished{
          "choose_schedules",
          fmt::format("it says how each kernel is computed, and @{} has no schedule", kernel.name)};
  }
  for (const ir::Graph& graph : module.graphs) {
    for (const ir::Value& value : graph.values()) {
      if (!value.storage)
        return Unfinished{
            "plan_memory",
            fmt::format("it gives every value an address, and %{} has none", value.name)};
    }
  }
  return std::nullopt;
}

}  // namespace linnet::passes
