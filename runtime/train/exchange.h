// The tree of sums where its shards are several processes'.
#pragma once

#include "runtime/train/processes.h"
#include "runtime/train/threads.h"
#include "runtime/train/tree.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace linnet::runtime::train {

// Shards first … end − 1 of a process, a run of them; each has one at least.
struct ShardRun {
  int64_t first = 0, end = 1;
  [[nodiscard]] int64_t count() const { return end - first; }
};
[[nodiscard]] ShardRun shard_run(int64_t shards, int64_t processes, int64_t rank);

// What a process does at a level of the tree, or afterwards to tell all the sum. Blocks by their
// shards; of each the bytes begin … end − 1.
struct Move {
  enum Kind { kAdd, kSend, kReceive, kCopy };
  Kind kind = kAdd;
  int64_t peer = -1;           // of a message
  int64_t into = 0, from = 0;  // block `into` becomes the sum of both; a process has one of them
  int64_t begin = 0, end = 0;
  int64_t scratch = 0;  // of kReceive on the way up: where
};

// Which blocks are added is the tree's (tree.h); where, is chosen here: the sum of two blocks that
// different processes have is made by one of them, which one differs by range of bytes, so that
// each sends but its part (recursive halving). A pure function of its arguments: what one process
// sends, another expects.
struct ExchangePlan {
  std::vector<std::vector<Move>> up;    // by level
  std::vector<std::vector<Move>> down;  // the sum lies in the first block of a process
  int64_t scratch_bytes = 0;
  // Ranges of less than `least_range` bytes are not cut.
  ExchangePlan(int64_t shards, int64_t processes, int64_t rank, int64_t bytes,
               int64_t least_range = 16384);
};

// The bytes of a block at which its segments begin, and at last its end: an Exchange plans each of
// them by itself.
[[nodiscard]] std::vector<int64_t> segment_bounds(int64_t block_bytes);

// Ahead of the numbers of each block: these are not added, the greatest of all processes counts.
struct ShardFlags {
  uint64_t status = 0;  // of a shard's code
  uint64_t signal = 0;  // that asks to stop
};
inline constexpr int64_t kFlagBytes = 64;

// The blocks go in segments, each by a plan of its own, the last one first: it is final while the
// backward pass still works on those before it. The first ones are small, for they go when all is
// done.
class Exchange {
public:
  // `blocks`: of this process, whose bytes begin with kFlagBytes. Segments are less than 191; their
  // messages have tags from `first_tag` on, which no other messages under way may have.
  Exchange(const Processes& processes, const Threads& threads, int64_t shards,
           const ShardBlocks& blocks, int64_t first_tag = 1);

  // In a step, on the thread of the messages: the numbers of all blocks of this process are final
  // from byte `from` of the blocks on. Sends what it can, and looks after what is on its way.
  void finished(int64_t from);
  // All are final. The first block becomes the sum of those of all processes; its flags, the most
  // of all.
  void finish(const ShardFlags& mine, ShardFlags& all);

private:
  struct Segment {
    int64_t begin = 0, end = 0, tag = 0;
    std::vector<std::vector<Move>> levels;  // up, then down
    size_t up_levels = 0;
    std::vector<uint8_t> memory;
    uint8_t* scratch = nullptr;  // in it, aligned
    // Of the step under way.
    size_t level = 0;
    bool posted = false;  // the messages of the level
    std::vector<std::pair<int64_t, const Move*>> waiting;
  };
  [[nodiscard]] Segment segment(int64_t shards, int64_t begin, int64_t end) const;
  // Does what can be done without waiting; is all done?
  bool advance(Segment& segment);
  void post(Segment& segment);
  void add(uint8_t* into, const uint8_t* from, const Move& move) const;
  void add_own_levels(int64_t begin, int64_t end) const;
  [[nodiscard]] uint8_t* at(int64_t shard, int64_t byte) const {
    return blocks_.of(shard - run_.first) + byte;
  }

  const Processes& processes_;
  const Threads& threads_;
  ShardBlocks blocks_;
  ShardRun run_;
  int64_t local_strides_ = 1;
  std::vector<Segment> segments_;
  size_t left_ = 0;  // segments that are not on their way yet: the first ones
};

}  // namespace linnet::runtime::train
