// scatter: rows written where the indices say, one after the other.
#include "passes/schedule/scatter.h"

#include "ir/op_def.h"

#include <algorithm>

namespace linnet::passes {

std::string Scatter::fits(const ir::Graph& body) {
  const ir::Node* scatter = nullptr;
  for (const ir::Node& node : body.nodes()) {
    if (node.tensor) continue;
    if (node.op != &ir::ops::scatter) return "it has a " + std::string(node.op->name);
    if (scatter) return "it has two scatters";
    scatter = &node;
  }
  if (!scatter) return "it has no scatter";
  if (body.outputs.size() != 1 || body.outputs.front().value != scatter->results.front())
    return "its result is not its scatter's";
  const auto in_rows = [&](ir::ValueId id) { return body.value(id).type.layout.is_row_major(); };
  if (!std::ranges::all_of(scatter->operands, in_rows) || !in_rows(scatter->results.front()))
    return "it reads or stores another layout than rows";
  return "";
}

std::vector<int64_t> Scatter::legal(const ir::Graph&, size_t) const {
  return {1, 2, 4, 8, 16, 32, 64};
}

Choice<Scatter> Scatter::choose(const Candidate& group) {
  const ir::Type& out = group.body.value(group.body.outputs.front().value).type;
  return Scatter{group.target.lanes(ir::size_of(out.dtype))};
}

Family scatter_family() {
  return family_of<Scatter>();
}

}  // namespace linnet::passes
