// Holds every declaration of a data block against the shape of its port.
#include "frontend/lin/declared_shapes.h"

#include "ir/data_kind.h"

#include <algorithm>

namespace linnet::frontend {

void check_declared_shapes(const ir::Module& module, Diagnostics& diagnostics) {
  const ir::Graph& graph = module.graphs.front();
  const auto check = [&](const std::string& name, ir::ValueId value) {
    const auto declared = std::ranges::find(module.data, name, &ir::Declaration::target);
    if (declared == module.data.end()) return;
    const ir::Recipe& recipe = declared->recipe;
    const ir::DataKind* kind = ir::find_data_kind(recipe.kind);
    if (!kind) return;
    auto fault = kind->check({name, {recipe, kind->settings}, recipe, graph.value(value).type, {}});
    if (!fault) return;
    Diagnostic diagnostic;
    diagnostic.place = declared->place.diag();
    diagnostic.message = std::move(fault->message);
    diagnostic.remedy = std::move(fault->remedy);
    diagnostics.report(std::move(diagnostic));
  };
  for (const ir::GraphInput& input : graph.inputs) {
    if (input.slot.empty()) check(graph.value(input.value).name, input.value);
  }
  for (const ir::GraphOutput& output : graph.outputs) {
    if (output.slot.empty()) check(output.name, output.value);
  }
}

}  // namespace linnet::frontend
