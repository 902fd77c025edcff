// The pass choose_layout: pictures between kernels become NHWC where all readers can take it.
#include "ir/op_def.h"
#include "passes/lib/candidate.h"
#include "passes/lib/label.h"
#include "passes/lib/storage.h"
#include "passes/passes.h"
#include "passes/schedule/anchors.h"
#include "passes/schedule/families.h"
#include "passes/schedule/tuning.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::passes {
namespace {

// Does a kernel of this family store pictures with their channels innermost?
bool stores_channels_last(const ir::Node& node) {
  const Stores stores = family(node.schedule->family).stores;
  if (stores != Stores::kAsRead) return stores == Stores::kChannelsLast;
  const ir::Graph& body = node.regions.front();
  return std::ranges::any_of(body.inputs, [&](const ir::GraphInput& input) {
    return body.value(input.value).type.layout.order == kChannelsLast;
  });
}

bool wants_channels_last(const ir::Node& node) {
  return node.op == &ir::ops::group && node.schedule &&
         family(node.schedule->family).wants_channels_last;
}

// The result of a kernel is stored so.
void store(ir::Graph& body, const ir::Layout& layout) {
  body.value(body.outputs.front().value).type.layout = layout;
}

// The schedule by which the kernel stores pictures so: its own, if it does that best, or of a copy
// one that transposes, if a reader wants it; none of any other.
std::optional<ir::Schedule> storing(const ir::Node& node, const ir::Layout& layout, bool wanted,
                                    const TargetInfo& target) {
  if (stores_channels_last(node)) return node.schedule;
  ir::Graph body = node.regions.front();
  if (!wanted || body.nodes().size() != 1 || !body.nodes().front().op->has(ir::kView))
    return std::nullopt;
  store(body, layout);
  ir::Schedule schedule = choose_schedule({body, {nullptr}, target});
  if (schedule.family == kGeneric) return std::nullopt;
  return schedule;
}

bool reads_channels_last(const ir::Node& node) {
  return node.op == &ir::ops::group && node.schedule &&
         family(node.schedule->family).reads_channels_last;
}

// Where a kernel's inputs lie is settled: what would copy one that is known only at run time gives
// way to a family that reads it as it lies, if one is fast.
void read_in_place(ir::Graph& graph, PassContext& context) {
  for (size_t i = 0; i < graph.nodes().size(); ++i) {
    ir::Node& node = graph.node({static_cast<int32_t>(i)});
    if (node.op != &ir::ops::group || !node.schedule) continue;
    const ir::Graph& body = node.regions.front();
    Candidate candidate = candidate_of(body, graph, node.operands, context);
    const auto copies = [&](const ir::Schedule& schedule) {
      const auto layouts = family(schedule.family).layouts(body, schedule);
      for (size_t k = 0; k < layouts.size(); ++k) {
        if (!candidate.constant[k] && !(layouts[k] == ir::Layout{})) return true;
      }
      return false;
    };
    if (!copies(*node.schedule)) continue;
    if (context.tuning && context.tuning->find(context.target.name, tuning_key(candidate)))
      continue;
    if (choose_schedule(candidate) != *node.schedule) continue;  // by hand
    candidate.laid_out = true;
    const ir::Schedule other = choose_schedule(candidate);
    if (other.family == kGeneric || copies(other)) continue;
    if (context.may_rewrite(node.place,
                            fmt::format("{} by {}: {} would copy what it reads", label(graph, node),
                                        to_string(other), node.schedule->family)))
      node.schedule = other;
  }
}

}  // namespace

ir::Module choose_layout(ir::Module module, PassContext& context) {
  for (ir::Graph& graph : module.graphs) {
    const auto users = graph.users();
    const auto storage = storage_classes(module, graph);
    for (size_t i = 0; i < graph.nodes().size(); ++i) {
      const ir::Node& node = graph.nodes()[i];
      if (node.op != &ir::ops::group || !node.schedule) continue;
      const ir::ValueId result = node.results.front();
      const size_t at = static_cast<size_t>(result.index);
      if (graph.value(result).type.rank() != 4) continue;
      ir::Layout layout = graph.value(result).type.layout;
      layout.order = kChannelsLast;
      const bool wanted = std::ranges::any_of(users[at], [&](ir::NodeId user) {
        return storage[result].memory == ir::Memory::kArena &&
               wants_channels_last(graph.node(user));
      });
      const auto schedule = storing(node, layout, wanted, context.target);
      if (!schedule) continue;
      const std::string name = label(graph, node);
      if (storage[result].memory != ir::Memory::kArena) {
        context.refused(node.place, name + " is an output, which is row-major");
        continue;
      }
      const bool all = std::ranges::all_of(
          users[at], [&](ir::NodeId user) { return reads_channels_last(graph.node(user)); });
      if (!all) {
        context.refused(node.place, name + " has a reader that needs row-major order");
        continue;
      }
      if (!context.may_rewrite(node.place, name + " has its channels innermost")) continue;
      graph.value(result).type.layout = layout;
      ir::Node& maker = graph.node({static_cast<int32_t>(i)});
      store(maker.regions.front(), layout);
      maker.schedule = schedule;
      for (ir::NodeId user : users[at]) {
        ir::Node& reader = graph.node(user);
        ir::Graph& inside = reader.regions.front();
        for (size_t k = 0; k < reader.operands.size(); ++k) {
          if (reader.operands[k] == result)
            inside.value(inside.inputs[k].value).type.layout = layout;
        }
      }
    }
    read_in_place(graph, context);
  }
  return module;
}

}  // namespace linnet::passes
