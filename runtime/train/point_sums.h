// What the shards of a step sum at the points where they wait for each other.
#pragma once

#include "base/abi/train.h"
#include "runtime/data/batches.h"
#include "runtime/train/exchange.h"

#include <cstdint>
#include <vector>

namespace linnet::runtime::train {

class PointSums {
public:
  // `run`: the shards of this process. Takes its memory at once.
  PointSums(const linnet_trainer_v1& trainer, const Threads& threads, const Processes& processes,
            const ShardRun& run);

  // All shards of all processes have made phase `point`; arenas[i] is that of this process's
  // shard i. Afterwards each has the sum of the vectors of all, added as blocks are (tree.h).
  // `status`: the worst of this process; returns that of all.
  [[nodiscard]] int sum(int64_t point, const std::vector<Aligned>& arenas, int status);

private:
  [[nodiscard]] uint8_t* vector_of(const Aligned& arena) const {
    return static_cast<uint8_t*>(arena.memory.get()) + s_.exchange_at;
  }
  [[nodiscard]] ShardBlocks blocks(int64_t bytes) const;

  const linnet_trainer_v1& t_;
  const linnet_shards_v1& s_;
  ShardRun run_;
  Aligned memory_;                   // of copies of the vectors, with flags ahead of each
  std::vector<Exchange> exchanges_;  // of each point; none where there is one process
};

}  // namespace linnet::runtime::train
