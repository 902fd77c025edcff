// A step whose batch is cut in shards: each by one thread of one process, and the tree of what they
// made.
#pragma once

#include "base/abi/train.h"
#include "runtime/data/batches.h"
#include "runtime/train/exchange.h"
#include "runtime/train/point_sums.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace linnet::runtime::train {

// The variable by which a benchmark asks what messages cost.
inline constexpr const char* kTimesVariable = "LINNET_MPI_TIMES";

// The code of a step whose samples a process could not read.
inline constexpr int kUnread = -1;

// Memory and work of this process's shards of a trainer that has some. All memory is taken when it
// is made.
class Shards {
public:
  // One at a time in a process where there are others.
  Shards(const linnet_trainer_v1& trainer, const Threads& threads, const Processes& processes);
  ~Shards();
  Shards(const Shards&) = delete;
  Shards& operator=(const Shards&) = delete;

  // Those of a batch that are this process's.
  [[nodiscard]] int64_t first_sample() const { return run_.first * (t_.batch / s_.count); }
  [[nodiscard]] int64_t samples() const { return run_.count() * (t_.batch / s_.count); }

  // Gradients, statistics and losses of a batch of samples, by their numbers, summed over the
  // shards of all processes, each of which calls it. `args`: of the step; its shard is not read.
  // `signal`: one that asks this process to stop, or 0; afterwards, any of them. What the step's
  // code returned, or kUnread.
  [[nodiscard]] int sum(Batches& batches, const std::vector<int64_t>& order, const void* slots,
                        const linnet_step_args_v1& args, int& signal);
  // The sums, a block that the trainer's update and gradients take.
  [[nodiscard]] const void* sums() const { return numbers(0); }

  // Seconds that steps have taken behind their last kernel: for sums, and for other processes.
  [[nodiscard]] double summing() const { return summing_; }

private:
  [[nodiscard]] uint8_t* numbers(int64_t block) const { return blocks_.of(block) + kFlagBytes; }
  // A shard's code says that its block is final from there on.
  static void told(void* block, int64_t from);
  // Phase `phase_` of a shard.
  void run_shard(int64_t shard);
  // Until all shards are done, or a phase of one has failed somewhere.
  void run_phases();
  [[nodiscard]] int worst_status() const;
  [[nodiscard]] int64_t last_phase() const { return s_.point_count; }
  // An arena that no other thread works in: there are as many as threads, where shards do not wait
  // for each other.
  [[nodiscard]] size_t take_arena();

  const linnet_trainer_v1& t_;
  const linnet_shards_v1& s_;
  const Threads& threads_;
  ShardRun run_;
  Aligned memory_;  // of the blocks
  ShardBlocks blocks_;
  std::optional<Exchange> exchange_;  // where there are other processes
  std::optional<PointSums> points_;   // where shards wait for each other
  std::vector<Aligned> arenas_;       // one for each thread; of shards that wait, for each of them
  std::unique_ptr<std::atomic<uint32_t>[]> taken_;  // by arena: 1, or 0
  std::vector<int> status_;                         // by shard of this process
  std::unique_ptr<std::atomic<int64_t>[]> final_;   // likewise: the byte from which on it is
  double summing_ = 0;
  std::thread::id messenger_;  // the thread of the messages
  // Of the step under way.
  Batches* batches_ = nullptr;
  const std::vector<int64_t>* order_ = nullptr;
  const void* slots_ = nullptr;
  linnet_step_args_v1 args_{};
  int64_t phase_ = 0;
};

}  // namespace linnet::runtime::train
