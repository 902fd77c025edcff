// Writes the calls of an entry down, and what was measured of them.
#include "cli/report_kernels.h"
#include "codegen/inspect/verdict.h"
#include "ir/loop.h"
#include "ir/op_def.h"
#include "passes/lib/storage.h"
#include "passes/lib/view_root.h"

#include <algorithm>
#include <set>

namespace linnet::cli {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Timing& time) {
  return {{"median", time.median}, {"p99", time.p99}};
}

class CallsWriter {
public:
  CallsWriter(const ReportProduct& of, const ReportMemory& memory, const ReportKernels& kernels,
              ReportSteps& steps)
      : of_(of), memory_(memory), kernels_(kernels), steps_(steps), calls_(ir::calls_of(of.graph)) {
    if (of.times) bounds_ = bounds(of.module, of.graph, of.times->roofs);
    std::set<ir::ValueId> weights;
    for (const ir::Node* call : calls_) {
      for (const ir::ValueId operand : call->operands) {
        if (is_weight(operand)) weights.insert(passes::view_root(of.graph, operand));
      }
    }
    for (const ir::ValueId weight : weights)
      weight_bytes_ += of.graph.value(weight).type.stored_bytes();
  }

  Json write() {
    Json calls = Json::array();
    for (size_t i = 0; i < calls_.size(); ++i)
      calls.push_back(one(i));
    return calls;
  }

private:
  // A constant or a parameter.
  [[nodiscard]] bool is_weight(ir::ValueId operand) const {
    if (!operand) return false;
    const ir::ValueId root = passes::view_root(of_.graph, operand);
    const ir::Value& value = of_.graph.value(root);
    if (value.storage && value.storage->memory == ir::Memory::kConstant) return true;
    const auto input =
        std::ranges::find(of_.graph.inputs, root, [](const ir::GraphInput& i) { return i.value; });
    if (input == of_.graph.inputs.end()) return false;
    const ir::Slot* slot = of_.module.slot(input->slot);
    return slot && slot->kind == ir::SlotKind::kParameter;
  }

  [[nodiscard]] Json numbers_of(const std::vector<ir::ValueId>& ids) const {
    Json list = Json::array();
    for (const ir::ValueId id : ids) {
      if (!id) continue;
      const auto root = static_cast<size_t>(passes::view_root(of_.graph, id).index);
      if (memory_.number[root] >= 0) list.push_back(memory_.number[root]);
    }
    return list;
  }

  // Of a loop the kernel whose steps have the most arithmetic.
  [[nodiscard]] size_t main_kernel(size_t i) const {
    const std::vector<size_t>& all = kernels_.of_call(i);
    const auto flops = [&](size_t k) { return kernel_flops(of_.module.kernels[k]); };
    return all.empty() ? 0 : *std::ranges::max_element(all, {}, flops);
  }

  Json one(size_t i) {
    const ir::Node& node = *calls_[i];
    const size_t number = main_kernel(i);
    codegen::VerdictInput asked{.kernel = of_.module.kernels[number], .target = of_.product.target};
    asked.hot = kernels_.hot(number);
    asked.flops = call_flops(of_.module, node);
    asked.bytes = call_bytes(of_.graph, node);
    for (const ir::ValueId operand : node.operands) {
      if (is_weight(operand)) asked.weight_bytes += of_.graph.value(operand).type.stored_bytes();
    }
    asked.all_weight_bytes = weight_bytes_;
    asked.batch = of_.batch;
    asked.takes_batches = of_.batched;
    asked.threads = of_.threads;
    asked.training = of_.training;
    const auto bytes = static_cast<double>(std::max<int64_t>(asked.bytes, 1));
    Json json = {{"kernel", number},
                 {"result", node.results.empty() ? "" : of_.graph.value(node.results[0]).name},
                 {"reads", numbers_of(node.operands)},
                 {"writes", numbers_of(node.results)},
                 {"places", steps_.places(node.place)},
                 {"flops", asked.flops},
                 {"bytes", asked.bytes},
                 {"intensity", static_cast<double>(asked.flops) / bytes}};
    if (node.op == &ir::ops::loop) json["loop"] = ir::loop_of(node).steps;
    if (of_.times) add_times(i, json, asked);
    json["verdict"] = codegen::verdict(asked);
    return json;
  }

  void add_times(size_t i, Json& json, codegen::VerdictInput& asked) const {
    const Timing& time = of_.times->measured.steps[i];
    const double whole = of_.times->measured.whole.median;
    const Bound& bound = bounds_[i];
    asked.ns = time.median;
    asked.share = whole > 0 ? time.median / whole : 0;
    asked.roof = bound.roof;
    asked.bound_ns = bound.ns;
    for (const MemoryLevel& level : of_.times->roofs.levels) {
      if (level.name == bound.roof) asked.gb_per_s = level.gb_per_s;
    }
    json["time"] = json_of(time);
    json["share"] = asked.share;
    json["bound"] = {{"roof", bound.roof},
                     {"ns", bound.ns},
                     {"attained", time.median > 0 ? bound.ns / time.median : 0}};
    json["gflops"] = time.median > 0 ? static_cast<double>(asked.flops) / time.median : 0;
  }

  const ReportProduct& of_;
  const ReportMemory& memory_;
  const ReportKernels& kernels_;
  ReportSteps& steps_;
  std::vector<const ir::Node*> calls_;
  std::vector<Bound> bounds_;  // of each call
  int64_t weight_bytes_ = 0;   // of all calls together
};

void add_whole(Json& report, const ReportTimes& times) {
  report["whole"] = {{"median", times.measured.whole.median}, {"p99", times.single.p99}};
  if (times.single.p9999) report["whole"]["p9999"] = *times.single.p9999;
  report["whole"]["max"] = times.single.max;
  Json levels = Json::array();
  for (const MemoryLevel& level : times.roofs.levels)
    levels.push_back({{"name", level.name}, {"bytes", level.bytes}, {"gb_per_s", level.gb_per_s}});
  report["roofs"] = {{"peak_gflops", times.roofs.peak_gflops}, {"levels", std::move(levels)}};
}

}  // namespace

void add_product(Json& report, const ReportProduct& of, ReportSteps& steps) {
  ReportMemory memory = report_memory(of);
  const ReportKernels kernels(of);
  report["kernels"] = kernels.json(steps);
  report["calls"] = CallsWriter(of, memory, kernels, steps).write();
  const codegen::Compiled& compiled = of.product.compiled;
  report["memory"] = {
      {"arena_bytes", passes::arena_bytes(of.graph)},
      {"stack_bytes", compiled.stack_bytes},
      {"state_bytes", of.training ? passes::slots_bytes(of.module) : compiled.state_bytes},
      {"constant_bytes", memory.constant_bytes},
      {"values", std::move(memory.values)}};
  if (of.times) add_whole(report, *of.times);
}

}  // namespace linnet::cli
