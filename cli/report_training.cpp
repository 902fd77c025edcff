// Writes down what belongs to a training step alone: its lanes, and memory over the step.
#include "cli/report.h"
#include "cli/report_product.h"
#include "cli/report_values.h"
#include "ir/loop.h"
#include "ir/op_def.h"
#include "ir/optimizer.h"
#include "runtime/train/history.h"

#include <algorithm>
#include <array>

namespace linnet::cli {
namespace {

using Json = nlohmann::ordered_json;

enum class Lane : uint8_t { kForward, kBackward, kOptimizer };
constexpr std::array<const char*, 3> kLanes = {"forward", "backward", "optimizer"};

// Bytes of the arena that are in use during each call.
std::vector<int64_t> live_bytes(const Json& values, size_t calls) {
  std::vector<int64_t> live(calls, 0);
  for (const Json& value : values) {
    if (value["memory"] != "arena") continue;
    for (auto call = value["first"].get<size_t>(); call <= value["last"].get<size_t>(); ++call)
      live[call] += value["bytes"].get<int64_t>();
  }
  return live;
}

// Values that an output needs which a model has without training too: the losses, and statistics
// that a batch changes. The gradients that a shard gives are called as their parameters.
std::vector<bool> forward_values(const ir::Module& module, const ir::Graph& graph) {
  std::vector<bool> needed(graph.values().size(), false);
  for (const ir::GraphOutput& output : graph.outputs) {
    const ir::Slot* slot = module.slot(output.slot.empty() ? output.name : output.slot);
    if (!slot || slot->kind == ir::SlotKind::kBuffer || slot->kind == ir::SlotKind::kState)
      needed[static_cast<size_t>(output.value.index)] = true;
  }
  for (size_t i = graph.nodes().size(); i-- > 0;) {
    const ir::Node& node = graph.nodes()[i];
    if (std::ranges::none_of(node.results, [&](ir::ValueId result) {
          return needed[static_cast<size_t>(result.index)];
        }))
      continue;
    for (const ir::ValueId operand : node.operands) {
      if (operand) needed[static_cast<size_t>(operand.index)] = true;
    }
  }
  return needed;
}

// Is any of a call the optimiser's, by where it is in the model?
bool is_of(const ir::Place& optimizer, const ir::Place& place) {
  const auto among = [](const auto& all) {
    return [&all](const auto& one) { return std::ranges::find(all, one) != all.end(); };
  };
  return std::ranges::any_of(place.spans, among(optimizer.spans)) ||
         std::ranges::any_of(place.names, among(optimizer.names));
}

// Does it sum products, or anything else, as gradients do and no step?
bool sums(const ir::Module& module, const ir::Node& call) {
  return call_flops(module, call) > 0 ||
         std::ranges::any_of(called(module, call).nodes(),
                             [](const ir::Node& node) { return node.op->has(ir::kReduction); });
}

std::vector<Lane> lanes_of(const ReportProduct& of) {
  const auto forward = forward_values(of.module, of.graph);
  const ir::Place optimizer = ir::optimizer_place(of.module.train);
  std::vector<Lane> lanes;
  for (const ir::Node* call : ir::calls_of(of.graph)) {
    const bool needed = std::ranges::any_of(call->results, [&](ir::ValueId result) {
      return forward[static_cast<size_t>(result.index)];
    });
    const bool updates = is_of(optimizer, call->place) && !sums(of.module, *call);
    lanes.push_back(needed ? Lane::kForward : updates ? Lane::kOptimizer : Lane::kBackward);
  }
  return lanes;
}

constexpr size_t kPoints = 1000;  // of a curve, at most

// Of a long curve the mean of each stretch of so many points.
Json thinned(const std::vector<double>& points) {
  const size_t each = (points.size() + kPoints - 1) / kPoints;
  Json curve = Json::array();
  for (size_t begin = 0; begin < points.size(); begin += each) {
    const size_t end = std::min(begin + each, points.size());
    double sum = 0;
    for (size_t i = begin; i < end; ++i)
      sum += points[i];
    curve.push_back(sum / static_cast<double>(end - begin));
  }
  return curve;
}

}  // namespace

Json history_json(const runtime::train::History& history) {
  Json json = Json::object();
  if (!history.losses.empty()) {
    json["losses"] = thinned(history.losses);
    json["rates"] = thinned(history.rates);
  }
  if (!history.accuracies.empty()) json["accuracies"] = thinned(history.accuracies);
  for (const auto& [name, norm] : history.gradients)
    json["gradients"].push_back({{"name", name}, {"norm", finite(norm)}});
  return json;
}

void add_lanes(Json& report, const ReportProduct& of) {
  const std::vector<Lane> lanes = lanes_of(of);
  Json ranges = Json::array();
  for (size_t i = 0; i < lanes.size(); ++i) {
    const char* name = kLanes[static_cast<size_t>(lanes[i])];
    report["calls"][i]["lane"] = name;
    if (ranges.empty() || ranges.back()["name"] != name)
      ranges.push_back({{"name", name}, {"first", i}});
    Json& range = ranges.back();
    range["last"] = i;
    if (of.times) range["ns"] = range.value("ns", 0.0) + of.times->measured.steps[i].median;
  }
  report["training"] = {{"lanes", std::move(ranges)},
                        {"memory", live_bytes(report["memory"]["values"], lanes.size())}};
}

}  // namespace linnet::cli
