// Where the shards of a training step wait for each other.
#pragma once

#include "ir/graph.h"

#include <cstdint>
#include <vector>

namespace linnet::passes {

// The calls before a point are made for all shards, then vectors are summed over them, then come
// the calls behind it.
struct ShardPoint {
  std::vector<ir::NodeId> sums;  // nodes of shard_sum with no call between them, none of another's
  // Where the vector of each lies while they are summed: kBlockAlign bytes or a multiple each.
  std::vector<int64_t> offsets;
  int64_t bytes = 0;
};
// Of a planned @shard_step, in its order. Other graphs have none.
[[nodiscard]] std::vector<ShardPoint> shard_points(const ir::Graph& graph);

// The most that a point sums: so many bytes at the end of the graph's arena are for that.
[[nodiscard]] int64_t exchanged_bytes(const ir::Graph& graph);

}  // namespace linnet::passes
