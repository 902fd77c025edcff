// scatter{lanes}: rows written where the indices say, one after the other.
#include "passes/schedule/anchors.h"

#include <algorithm>

namespace linnet::passes {

std::optional<ir::Schedule> choose_scatter(const Candidate& group) {
  const ir::Node* scatter = nullptr;
  for (const ir::Node& node : group.body.nodes()) {
    if (node.tensor) continue;
    if (scatter || node.op != &ir::ops::scatter) return std::nullopt;
    scatter = &node;
  }
  if (!scatter) return std::nullopt;
  const ir::DType dtype = group.body.value(scatter->results.front()).type.dtype;
  return ir::Schedule{"scatter", {{"lanes", group.target.lanes(ir::size_of(dtype))}}};
}

}  // namespace linnet::passes
