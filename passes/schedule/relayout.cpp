// relayout{lanes}: a copy in another layout, transposed in registers.
#include "passes/schedule/anchors.h"

#include <algorithm>

namespace linnet::passes {
namespace {

// Is the layout rows of what follows one dimension, with that dimension innermost or in blocks?
bool transposes(const ir::Type& type, int64_t lanes) {
  const ir::Layout& layout = type.layout;
  if (layout.order.empty()) return false;
  const bool blocked = layout.block_dim >= 0;
  const int dim = blocked ? layout.block_dim : layout.order.back();
  if (blocked && layout.block % lanes != 0) return false;
  std::vector<int> order;
  int64_t columns = 1;
  for (int i = 0; i < static_cast<int>(type.rank()); ++i) {
    if (i != dim || blocked) order.push_back(i);
    if (i > dim) columns *= type.shape[static_cast<size_t>(i)];
    const bool rounded =
        type.stored_extent(static_cast<size_t>(i)) != type.shape[static_cast<size_t>(i)];
    if (i != dim && rounded) return false;
  }
  if (!blocked) order.push_back(dim);
  return order == layout.order && columns >= lanes;
}

}  // namespace

std::optional<ir::Schedule> choose_relayout(const Candidate& group) {
  const auto& nodes = group.body.nodes();
  if (nodes.size() != 1 || !nodes.front().op->has(ir::kView)) return std::nullopt;
  const ir::Type& from = group.body.value(nodes.front().operands.front()).type;
  const ir::Type& to = group.body.value(nodes.front().results.front()).type;
  const int64_t lanes = group.target.lanes(4);
  if (from.dtype != ir::DType::kF32 || !from.same_logical(to)) return std::nullopt;
  if (!from.layout.is_row_major() || !transposes(to, lanes)) return std::nullopt;
  return ir::Schedule{"relayout", {{"lanes", lanes}}};
}

}  // namespace linnet::passes
