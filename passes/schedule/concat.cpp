// concat{lanes}: pieces side by side, each copied by a loop of its own; elementwise ops before and
// after are computed on the way.
#include "passes/schedule/anchors.h"

#include <algorithm>

namespace linnet::passes {

std::optional<ir::Schedule> choose_concat(const Candidate& group) {
  const auto is_concat = [](const ir::Node& node) { return node.op == &ir::ops::concat; };
  const auto& nodes = group.body.nodes();
  const bool simple = std::ranges::all_of(nodes, [](const ir::Node& node) {
    return node.tensor || node.op->has(ir::kElementwise) || node.op->has(ir::kDataMovement);
  });
  if (!simple || std::ranges::count_if(nodes, is_concat) != 1 || group.body.outputs.size() != 1)
    return std::nullopt;
  // Where what follows keeps its shape, the pieces are pieces of the result.
  const ir::Node& concat = *std::ranges::find_if(nodes, is_concat);
  const ir::Type& joined = group.body.value(concat.results.front()).type;
  for (const ir::Node* node = &concat; node != nodes.data() + nodes.size(); ++node) {
    if (node->tensor || node->op->has(ir::kElementwise)) continue;
    if (node != &concat) return std::nullopt;
  }
  const ir::Type& out = group.body.value(group.body.outputs.front().value).type;
  if (out.shape != joined.shape) return std::nullopt;
  return ir::Schedule{"concat", {{"lanes", group.target.lanes(ir::size_of(out.dtype))}}};
}

}  // namespace linnet::passes
