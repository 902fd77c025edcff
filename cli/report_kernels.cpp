// Writes kernels down.
#include "cli/report_kernels.h"

#include "ir/loop.h"
#include "ir/op_def.h"
#include "passes/lib/kernel_names.h"
#include "support/check.h"

#include <algorithm>

namespace linnet::cli {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const codegen::LoopCost& cost) {
  Json ports = Json::array(), lines = Json::array();
  for (const codegen::PortLoad& port : cost.ports)
    ports.push_back({{"name", port.name}, {"cycles", port.cycles}});
  for (const codegen::LineCost& line : cost.lines)
    lines.push_back({{"line", line.line}, {"latency", line.latency}, {"ports", line.ports}});
  Json json = {{"cpu", cost.cpu}};
  if (!cost.note.empty()) json["note"] = cost.note;
  json["cycles"] = cost.cycles;
  json["ipc"] = cost.ipc;
  json["uops"] = cost.uops;
  json["bottleneck"] = cost.bottleneck;
  json["ports"] = std::move(ports);
  json["lines"] = std::move(lines);
  return json;
}

Json json_of(const codegen::HotLoop& hot) {
  const auto ratio = hot.loads_per_fma();
  Json json = {{"first", hot.first},
               {"last", hot.last},
               {"instructions", hot.instructions},
               {"vector_bits", hot.vector_bits},
               {"loads", hot.loads},
               {"stores", hot.stores},
               {"fmas", hot.fmas},
               {"loads_per_fma", ratio ? Json(*ratio) : Json()},
               {"spills", hot.spills},
               {"flops", hot.flops},
               {"loops", hot.loops}};
  if (hot.iterations) json["iterations"] = *hot.iterations;
  if (hot.cost) {
    json["mca"] = json_of(*hot.cost);
  } else {
    json["no_mca"] = hot.no_cost;
  }
  return json;
}

}  // namespace

ReportKernels::ReportKernels(const ReportProduct& of)
    : of_(of), calls_(ir::calls_of(of.graph)),
      inspected_(codegen::inspect(of.product.compiled, of.product.modules, of.product.target)) {
  for (const ir::Graph& kernel : of.module.kernels) {
    const auto known =
        std::ranges::find(inspected_, passes::content_hash(passes::kernel_content(kernel)),
                          &codegen::InspectedKernel::hash);
    LINNET_CHECK(known != inspected_.end(), "no code of kernel " + kernel.name);
    number_[kernel.name] = at_.size();
    at_.push_back(static_cast<size_t>(known - inspected_.begin()));
  }
  for (const ir::Node* call : calls_)
    find(*call, of_call_.emplace_back());
}

void ReportKernels::find(const ir::Node& node, std::vector<size_t>& kernels) const {
  if (node.op == &ir::ops::call) {
    const size_t number = number_.at(node.callee);
    if (std::ranges::find(kernels, number) == kernels.end()) kernels.push_back(number);
  } else if (node.op == &ir::ops::loop) {
    for (const ir::Node& inner : ir::body_of(of_.module, node).nodes())
      find(inner, kernels);
  }
}

const codegen::HotLoop* ReportKernels::hot(size_t kernel) const {
  const auto& hot = inspected(kernel).hot;
  return hot ? &*hot : nullptr;
}

Json ReportKernels::json(ReportSteps& steps) const {
  Json list = Json::array();
  for (size_t k = 0; k < at_.size(); ++k)
    list.push_back(one(k, steps));
  return list;
}

Json ReportKernels::one(size_t k, ReportSteps& steps) const {
  const ir::Graph& kernel = of_.module.kernels[k];
  const codegen::InspectedKernel& known = inspected(k);
  ir::Place place;
  Json ops = Json::array(), calls = Json::array();
  for (const ir::Node& node : kernel.nodes()) {
    place.merge(node.place);
    if (!node.tensor) ops.push_back(node.op->name);
  }
  for (size_t i = 0; i < calls_.size(); ++i) {
    if (std::ranges::find(of_call_[i], k) == of_call_[i].end()) continue;
    place.merge(calls_[i]->place);  // of equal kernels only the first one's nodes are there
    calls.push_back(i);
  }
  Json json = {{"name", kernel.name},
               {"symbol", known.symbol},
               {"hash", known.hash},
               {"family", kernel.schedule ? kernel.schedule->family : ""},
               {"schedule", known.schedule},
               {"ops", std::move(ops)},
               {"places", steps.places(place)},
               {"calls", std::move(calls)},
               {"algorithm", known.algorithm}};
  add_choice(k, json);
  json["stmt"] = known.stmt;
  json["llvm"] = known.llvm;
  json["assembly"] = known.assembly;
  if (known.hot) {
    json["hot"] = json_of(*known.hot);
  } else if (!known.no_hot.empty()) {
    json["no_hot"] = known.no_hot;
  }
  json["code_bytes"] = known.code_bytes;
  json["stack_bytes"] = known.stack_bytes;
  return json;
}

// What was weighed for the group that a call of the kernel was; it has the group's name.
void ReportKernels::add_choice(size_t k, Json& json) const {
  json["alternatives"] = Json::array();
  json["refused"] = Json::array();
  const std::string& kernel = of_.module.kernels[k].name;
  for (const passes::ScheduleChoice& choice : of_.choices) {
    const ir::Graph* graph = of_.module.graph(choice.graph);
    const ir::ValueId value = graph ? graph->find(choice.value) : ir::ValueId();
    const ir::Node* node = value ? graph->producer(value) : nullptr;
    if (!node || node->callee != kernel) continue;
    for (const passes::WeighedSchedule& weighed : choice.weighed) {
      if (!weighed.schedule) {
        json["refused"].push_back({{"family", weighed.family}, {"why", weighed.why}});
        continue;
      }
      json["alternatives"].push_back({{"schedule", ir::to_string(*weighed.schedule)},
                                      {"chosen", &weighed == &choice.weighed.front()},
                                      {"message", weighed.why}});
    }
    return;
  }
}

}  // namespace linnet::cli
