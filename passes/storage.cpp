#include "passes/storage.h"

#include "passes/graphs.h"

namespace linnet::passes {

std::vector<ir::Storage> storage_classes(const ir::Graph& graph) {
  const size_t count = graph.values().size();
  std::vector<ir::Storage> storage(count);
  const auto at = [&](ir::ValueId id) -> ir::Storage& {
    return storage[static_cast<size_t>(id.index)];
  };
  for (size_t i = 0; i < graph.inputs.size(); ++i)
    at(graph.inputs[i].value) = {ir::Memory::kInput, static_cast<int64_t>(i)};
  for (const ir::Node& node : graph.nodes()) {
    if (node.tensor) at(node.results.front()) = {ir::Memory::kConstant, 0};
  }
  for (size_t i = 0; i < graph.outputs.size(); ++i)
    at(view_root(graph, graph.outputs[i].value)) = {ir::Memory::kOutput, static_cast<int64_t>(i)};
  for (size_t i = 0; i < count; ++i) {
    const ir::ValueId id{static_cast<int32_t>(i)};
    storage[i] = at(view_root(graph, id));
  }
  return storage;
}

}  // namespace linnet::passes
