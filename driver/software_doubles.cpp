// The remark on f64 of a chip that has no instructions for it.
#include "driver/software_doubles.h"

#include "ir/op_def.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::driver {
namespace {

bool computes_doubles(const ir::Graph& graph, const ir::Node& node) {
  // Constants and views of them are bytes.
  if (node.operands.empty()) return false;
  // In f32 these run in f64 (base/math.h): f32 has too few bits for their reductions.
  if (node.op == &ir::ops::sin || node.op == &ir::ops::cos || node.op == &ir::ops::pow) return true;
  return std::ranges::any_of(node.results, [&](ir::ValueId result) {
    return graph.value(result).type.dtype == ir::DType::kF64;
  });
}

}  // namespace

void report_software_doubles(const ir::Module& module, const codegen::TargetRecord& target,
                             const Host& host) {
  if (target.doubles) return;
  const ir::Graph* graph = nullptr;
  const ir::Node* first = nullptr;
  int count = 0;
  for (const ir::Graph& each : module.graphs) {
    for (const ir::Node& node : each.nodes()) {
      if (!computes_doubles(each, node)) continue;
      if (count++ > 0) continue;
      graph = &each;
      first = &node;
    }
  }
  if (!first) return;
  host.diagnostics.report(
      {.severity = Severity::kRemark,
       .place = first->place.diag(),
       .message = fmt::format("f64 on {} is computed in software: %{} = {}{}", target.name,
                              graph->value(first->results.front()).name, first->op->name,
                              count > 1 ? fmt::format(" and {} more", count - 1) : ""),
       .remedy = "--dtype f32 where the model allows it; sin, cos and pow of f32 run in f64 too"});
}

}  // namespace linnet::driver
