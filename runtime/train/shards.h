// A step whose batch is cut in shards: each by one thread, and the tree of what they made.
#pragma once

#include "base/abi/train.h"
#include "runtime/data/batches.h"
#include "runtime/train/threads.h"
#include "runtime/train/tree.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace linnet::runtime::train {

// Memory and work of the shards of a trainer that has some. All memory is taken when it is made.
class Shards {
public:
  Shards(const linnet_trainer_v1& trainer, const Threads& threads);

  // Gradients, statistics and losses of the samples order[first] and on, a batch of them, summed
  // over the shards. `args`: of the step; its shard is not read. What the step's code returned.
  [[nodiscard]] int sum(Batches& batches, const std::vector<int64_t>& order, int64_t first,
                        const void* slots, const linnet_step_args_v1& args);
  // The sums, a block that the trainer's update and gradients take.
  [[nodiscard]] const void* sums() const { return blocks_.first; }

private:
  void run_shard(int64_t shard);
  // An arena that no other thread works in: there are as many as threads.
  [[nodiscard]] size_t take_arena();

  const linnet_trainer_v1& t_;
  const linnet_shards_v1& s_;
  const Threads& threads_;
  Aligned memory_;  // of the blocks
  ShardBlocks blocks_;
  std::vector<Aligned> arenas_;
  std::unique_ptr<std::atomic<uint32_t>[]> taken_;  // by arena: 1, or 0
  std::vector<int> status_;                         // by shard
  // Of the step under way.
  Batches* batches_ = nullptr;
  const std::vector<int64_t>* order_ = nullptr;
  int64_t first_ = 0;
  const void* slots_ = nullptr;
  linnet_step_args_v1 args_{};
};

}  // namespace linnet::runtime::train
