// Lays out what a shard sums, one array behind the other.
#include "passes/lib/shard_block.h"

#include "base/integers.h"

namespace linnet::passes {

BlockLayout block_layout(const ir::Graph& shard_step) {
  BlockLayout layout;
  for (const ir::GraphOutput& output : shard_step.outputs) {
    layout.offsets.push_back(layout.bytes);
    layout.bytes += round_up(shard_step.value(output.value).type.stored_bytes(), kBlockAlign);
  }
  return layout;
}

}  // namespace linnet::passes
