// Copies the vectors of all shards side by side, adds them, and copies the sum to each.
#include "runtime/train/point_sums.h"

#include <algorithm>
#include <cstring>

namespace linnet::runtime::train {
namespace {

// Other tags than those of the blocks' segments, which may be on their way meanwhile.
constexpr int64_t kFirstTag = 192;

int64_t most_bytes(const linnet_shards_v1& shards) {
  return *std::max_element(shards.point_bytes, shards.point_bytes + shards.point_count);
}

}  // namespace

PointSums::PointSums(const linnet_trainer_v1& trainer, const Threads& threads,
                     const Processes& processes, const ShardRun& run)
    : t_(trainer), s_(*trainer.shards), run_(run),
      memory_(run.count() * (kFlagBytes + most_bytes(s_))) {
  std::memset(memory_.memory.get(), 0,
              static_cast<size_t>(run_.count() * (kFlagBytes + most_bytes(s_))));
  for (int64_t point = 0; processes.together() && point < s_.point_count; ++point)
    exchanges_.emplace_back(processes, threads, s_.count, blocks(s_.point_bytes[point]), kFirstTag);
}

ShardBlocks PointSums::blocks(int64_t bytes) const {
  return {dtype_of_abi(t_.dtype), run_.count(), kFlagBytes + bytes,
          static_cast<uint8_t*>(memory_.memory.get())};
}

int PointSums::sum(int64_t point, const std::vector<Aligned>& arenas, int status) {
  const auto bytes = static_cast<size_t>(s_.point_bytes[point]);
  const ShardBlocks all = blocks(s_.point_bytes[point]);
  for (size_t i = 0; i < arenas.size(); ++i)
    std::memcpy(all.of(static_cast<int64_t>(i)) + kFlagBytes, vector_of(arenas[i]), bytes);
  if (!exchanges_.empty()) {
    ShardFlags flags;
    exchanges_[static_cast<size_t>(point)].finish({static_cast<uint64_t>(status), 0}, flags);
    status = static_cast<int>(flags.status);
  } else {
    add_levels(all, 1, all.shards, kFlagBytes, all.bytes);
  }
  for (const Aligned& arena : arenas)
    std::memcpy(vector_of(arena), all.of(0) + kFlagBytes, bytes);
  return status;
}

}  // namespace linnet::runtime::train
