// Gathers the shard_sums of a graph between two of its calls.
#include "passes/lib/shard_points.h"

#include "base/integers.h"
#include "ir/loop.h"
#include "ir/op_def.h"
#include "passes/lib/shard_block.h"
#include "passes/lib/view_root.h"

#include <algorithm>

namespace linnet::passes {
namespace {

// Is what the node sums a result of the point?
bool depends(const ir::Graph& graph, const ir::Node& node, const ShardPoint& point) {
  const ir::ValueId summed = view_root(graph, node.operands.front());
  return std::ranges::any_of(
      point.sums, [&](ir::NodeId sum) { return graph.node(sum).results.front() == summed; });
}

}  // namespace

std::vector<ShardPoint> shard_points(const ir::Graph& graph) {
  std::vector<ShardPoint> points;
  bool open = false;  // the last point takes more
  for (size_t i = 0; i < graph.nodes().size(); ++i) {
    const ir::Node& node = graph.nodes()[i];
    if (ir::is_call(node)) open = false;
    if (node.op != &ir::ops::shard_sum) continue;
    if (!open || depends(graph, node, points.back())) points.emplace_back();
    open = true;
    ShardPoint& point = points.back();
    point.sums.push_back({static_cast<int32_t>(i)});
    point.offsets.push_back(point.bytes);
    point.bytes += round_up(graph.value(node.results.front()).type.stored_bytes(), kBlockAlign);
  }
  return points;
}

int64_t exchanged_bytes(const ir::Graph& graph) {
  int64_t most = 0;
  for (const ShardPoint& point : shard_points(graph))
    most = std::max(most, point.bytes);
  return most;
}

}  // namespace linnet::passes
