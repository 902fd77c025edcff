// Where what a shard of a training step sums lies.
#pragma once

#include "ir/graph.h"

#include <cstdint>
#include <vector>

namespace linnet::passes {

// Each begins at a multiple of so many bytes.
inline constexpr int64_t kBlockAlign = 64;

// One block, in the order of the outputs of @shard_step and of the inputs of @update.
struct BlockLayout {
  std::vector<int64_t> offsets;
  int64_t bytes = 0;
};
[[nodiscard]] BlockLayout block_layout(const ir::Graph& shard_step);

}  // namespace linnet::passes
