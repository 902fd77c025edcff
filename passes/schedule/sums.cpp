// sums{lanes}: a long sum or mean along rows.
#include "passes/schedule/anchors.h"

#include "ir/ops/reduction.h"

#include <algorithm>

namespace linnet::passes {
namespace {

constexpr int64_t kLong = 256;  // elements of a sum worth cutting into chains

}  // namespace

std::optional<ir::Schedule> choose_sums(const Candidate& group) {
  const ir::Node* sum = nullptr;
  for (const ir::Node& node : group.body.nodes()) {
    if (node.tensor || node.op->has(ir::kElementwise)) continue;
    if (sum || (node.op != &ir::ops::sum && node.op != &ir::ops::mean)) return std::nullopt;
    sum = &node;
  }
  if (!sum || group.body.outputs.size() != 1) return std::nullopt;
  const ir::Type& from = group.body.value(sum->operands.front()).type;
  const ir::Type& to = group.body.value(sum->results.front()).type;
  const ir::Type& out = group.body.value(group.body.outputs.front().value).type;
  if (from.dtype != ir::DType::kF32 || to.elements() == 0 || from.rank() == 0) return std::nullopt;
  if (out.elements() != to.elements()) return std::nullopt;  // read more than once
  const std::vector<bool> reduced = *ir::reduced_dims(sum->attrs, from.rank());
  if (!reduced.back() || from.elements() / to.elements() < kLong) return std::nullopt;
  int64_t lanes = group.target.lanes(4);
  while (lanes > from.shape.back())
    lanes /= 2;
  if (lanes < 4) return std::nullopt;
  return ir::Schedule{"sums", {{"lanes", lanes}}};
}

}  // namespace linnet::passes
