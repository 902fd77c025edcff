// What depends on what in a graph.
#include "ir/value_map.h"

#include <algorithm>

namespace linnet::ir {

ValueMap<bool> dependents(const Graph& graph, std::span<const ValueId> sources) {
  ValueMap<bool> depends(graph, false);
  for (ValueId source : sources)
    depends[source] = true;
  for (const Node& node : graph.nodes()) {
    const bool any = std::ranges::any_of(
        node.operands, [&](ValueId operand) { return operand && depends[operand]; });
    for (ValueId result : node.results)
      depends[result] = depends[result] || any;
  }
  return depends;
}

}  // namespace linnet::ir
