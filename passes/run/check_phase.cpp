// The promises stand in the order of the pipeline, for a pass that is missing keeps later ones from
// finding their work.
#include "passes/run/check_phase.h"

#include "ir/entries.h"
#include "ir/loop.h"
#include "ir/op_def.h"
#include "ir/recipe.h"
#include "passes/lib/fold.h"
#include "passes/lib/label.h"
#include "passes/lib/storage.h"
#include "passes/lib/view_root.h"
#include "passes/schedule/check.h"
#include "passes/schedule/families.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <vector>

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
  if (step && ir::shards_of(module.train) > 1)
    return Unfinished{"split_shards", "it makes two entries of a step of shards, and there is "
                                      "still @train_step"};
  if (!step) step = module.graph(ir::kUpdate);
  if (step) {
    for (const ir::GraphOutput& output : step->outputs) {
      if (!output.slot.empty()) return std::nullopt;
    }
    return Unfinished{"differentiate", "it computes the next value of each parameter, and @" +
                                           step->name + " has none"};
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

std::optional<Unfinished> training_promise(const ir::Module& module) {
  if (auto slots = unfinished_slots(module)) return slots;
  const auto is_training_only = [](const ir::Graph&, const ir::Node& node) {
    return node.op->has(ir::kTrainingOnly);
  };
  const auto found = find_node(module, is_training_only);
  if (!found) return std::nullopt;
  const bool step = found->graph->name == ir::kTrainStep || found->graph->name == ir::kShardStep;
  return Unfinished{step ? "enter_training" : "drop_dropout",
                    fmt::format("{}, and there is still {}",
                                step ? "it draws the numbers of noise and dropout"
                                     : "it takes out what only training needs",
                                label(*found->graph, *found->node))};
}

std::optional<Unfinished> canonical_promise(const ir::Module& module) {
  const auto has_body = [](const ir::Graph&, const ir::Node& node) {
    return node.op == &ir::ops::loop && !node.regions.empty();
  };
  if (const auto loop = find_node(module, has_body))
    return Unfinished{"outline_loops",
                      fmt::format("it makes a graph of the body of a loop, and there is still {}",
                                  label(*loop->graph, *loop->node))};
  const auto is_abbreviation = [](const ir::Graph&, const ir::Node& node) {
    return node.op->expand != nullptr;
  };
  const auto found = find_node(module, is_abbreviation);
  if (!found) return std::nullopt;
  return Unfinished{
      "expand_ops",
      fmt::format("it writes ops as smaller ones that have code, and there is still {}",
                  label(*found->graph, *found->node))};
}

// Of the entries: what computes something where it stands.
std::optional<Found> find_work(const ir::Module& module, const Test& test) {
  for (const ir::Graph& graph : module.graphs) {
    for (const ir::Node& node : graph.nodes()) {
      const bool no_work = node.tensor || ir::is_call(node) || node.op->has(ir::kView) ||
                           node.op == &ir::ops::shard_sum;
      if (!no_work && test(graph, node)) return Found{&graph, &node};
    }
  }
  return std::nullopt;
}

std::optional<Unfinished> fused_promise(const ir::Module& module) {
  const auto found = find_work(
      module, [](const ir::Graph&, const ir::Node& node) { return node.op != &ir::ops::group; });
  if (!found) return std::nullopt;
  return Unfinished{"group_kernels",
                    fmt::format("it puts every op into a kernel, and {} stands outside",
                                label(*found->graph, *found->node))};
}

std::optional<Unfinished> schedules(const ir::Module& module) {
  const std::string what = "it says how each kernel is computed, and ";
  const auto found =
      find_work(module, [](const ir::Graph&, const ir::Node& node) { return !node.schedule; });
  if (found)
    return Unfinished{"choose_schedules",
                      fmt::format("{}that of %{} has no schedule", what,
                                  found->graph->value(found->node->results.front()).name)};
  for (const ir::Graph& kernel : module.kernels) {
    if (!kernel.schedule)
      return Unfinished{"choose_schedules",
                        fmt::format("{}@{} has no schedule", what, kernel.name)};
  }
  return std::nullopt;
}

std::optional<Unfinished> scheduled_promise(const ir::Module& module) {
  if (auto missing = schedules(module)) return missing;
  for (const ScheduleFault& fault : check_schedules(module))
    return Unfinished{"choose_schedules", fmt::format("its schedules are legal, and not in {}: {}",
                                                      fault.at, fault.message)};
  const auto found = find_work(module, [](const ir::Graph& graph, const ir::Node& node) {
    const ir::Graph& body = node.regions.front();
    const auto layouts = family(node.schedule->family).layouts(body, *node.schedule);
    for (size_t i = 0; i < std::min(layouts.size(), body.inputs.size()); ++i) {
      const ir::Layout& given = body.value(body.inputs[i].value).type.layout;
      if (layouts[i].winograd != 0 && !constant_node(graph, node.operands[i])) continue;
      if (!(layouts[i] == ir::Layout{}) && !(layouts[i] == given)) return true;
    }
    return false;
  });
  if (!found) return std::nullopt;
  return Unfinished{"pack_weights",
                    fmt::format("it gives a kernel what it reads in its order, and that of %{} has "
                                "an operand in another",
                                found->graph->value(found->node->results.front()).name)};
}

// What lies in the arena or in the blob of constants, from the node that makes it to the last that
// reads it or what views it; constants live always, what a kernel works in during its call.
struct Stored {
  std::string name;  // "%r1"
  ir::Storage storage;
  int64_t end;
  size_t first, last;

  [[nodiscard]] bool meets(const Stored& other) const {
    return storage.memory == other.storage.memory && storage.offset < other.end &&
           other.storage.offset < end && first <= other.last && other.first <= last;
  }
};

std::vector<Stored> stored_values(const ir::Graph& graph) {
  std::vector<Stored> all;
  std::vector<size_t> index(graph.values().size(), SIZE_MAX);
  for (size_t i = 0; i < graph.nodes().size(); ++i) {
    const ir::Node& node = graph.nodes()[i];
    for (const ir::ValueId operand : node.operands) {
      if (!operand) continue;
      const size_t at = index[static_cast<size_t>(view_root(graph, operand).index)];
      if (at != SIZE_MAX) all[at].last = std::max(all[at].last, i);
    }
    for (const ir::ValueId result : node.results) {
      const ir::Value& value = graph.value(result);
      const ir::Storage& storage = *value.storage;
      const bool constant = storage.memory == ir::Memory::kConstant;
      if ((storage.memory != ir::Memory::kArena && !constant) || node.op->has(ir::kView)) continue;
      index[static_cast<size_t>(result.index)] = all.size();
      all.push_back({"%" + value.name, storage, storage.offset + value.type.stored_bytes(),
                     constant ? 0 : i, constant ? graph.nodes().size() : i});
    }
    if (const auto scratch = scratch_of(node))
      all.push_back({"what @" + node.callee + " works in",
                     {ir::Memory::kArena, scratch->offset},
                     scratch->offset + scratch->bytes,
                     i,
                     i});
  }
  return all;
}

std::optional<Unfinished> places(const ir::Module& module) {
  for (const ir::Graph& graph : module.graphs) {
    for (const ir::Value& value : graph.values()) {
      if (!value.storage)
        return Unfinished{
            "plan_memory",
            fmt::format("it gives every value an address, and %{} has none", value.name)};
    }
    for (const ir::Node& node : graph.nodes()) {
      const ir::Graph* kernel = module.kernel(node.callee);
      const int64_t needed = kernel ? scratch_bytes(*kernel) : 0;
      const auto scratch = scratch_of(node);
      if (needed > 0 && (!scratch || scratch->bytes < needed))
        return Unfinished{"plan_memory",
                          fmt::format("it gives kernels the {} bytes that they work in, and a call "
                                      "of @{} has none",
                                      needed, node.callee)};
    }
  }
  return std::nullopt;
}

std::optional<Unfinished> functions(const ir::Module& module) {
  const auto found = find_work(module, [](const ir::Graph&, const ir::Node&) { return true; });
  if (!found) return std::nullopt;
  return Unfinished{"outline_kernels",
                    fmt::format("it makes each group a function, and that of %{} is still none",
                                found->graph->value(found->node->results.front()).name)};
}

std::optional<Unfinished> planned_promise(const ir::Module& module) {
  if (auto missing = functions(module)) return missing;
  if (auto missing = places(module)) return missing;
  for (const ir::Graph& graph : module.graphs) {
    const std::vector<Stored> all = stored_values(graph);
    for (size_t i = 0; i < all.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (all[i].meets(all[j]))
          return Unfinished{"plan_memory",
                            fmt::format("what lives at the same time lies apart, and in @{} {} in "
                                        "{} meets {} in {}",
                                        graph.name, all[j].name, to_string(all[j].storage),
                                        all[i].name, to_string(all[i].storage))};
      }
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Unfinished> check_phase(const ir::Module& module, Phase phase) {
  switch (phase) {
  case Phase::kImported:
    break;
  case Phase::kTraining:
    return training_promise(module);
  case Phase::kCanonical:
    return canonical_promise(module);
  case Phase::kFused:
    return fused_promise(module);
  case Phase::kScheduled:
    return scheduled_promise(module);
  case Phase::kPlanned:
    return planned_promise(module);
  }
  return std::nullopt;
}

std::optional<Unfinished> unfinished(const ir::Module& module) {
  for (auto* promise :
       {training_promise, canonical_promise, fused_promise, schedules, functions, places}) {
    if (auto missing = promise(module)) return missing;
  }
  return std::nullopt;
}

}  // namespace linnet::passes
