// Shards as tiles of the pool of threads; no kernel within one is shared.
#include "runtime/train/shards.h"

#include "base/integers.h"

#include <algorithm>
#include <cstring>

namespace linnet::runtime::train {
namespace {

// Of each block, for a thread to add.
constexpr int64_t kTileBytes = 16384;

}  // namespace

Shards::Shards(const linnet_trainer_v1& trainer, const Threads& threads)
    : t_(trainer), s_(*trainer.shards), threads_(threads), memory_(s_.count * s_.block_bytes),
      status_(static_cast<size_t>(s_.count)) {
  blocks_ = {dtype_of_abi(t_.dtype), s_.count, s_.block_bytes,
             static_cast<uint8_t*>(memory_.memory.get())};
  // What lies between the arrays of a block is added too.
  std::memset(blocks_.first, 0, static_cast<size_t>(s_.count * s_.block_bytes));
  const auto count = std::min<int64_t>(threads.count(), s_.count);
  for (int64_t i = 0; i < count; ++i)
    arenas_.emplace_back(s_.arena_bytes);
  taken_ = std::make_unique<std::atomic<uint32_t>[]>(arenas_.size());
}

size_t Shards::take_arena() {
  for (size_t i = 0;; i = (i + 1) % arenas_.size()) {
    if (taken_[i].exchange(1, std::memory_order_acquire) == 0) return i;
  }
}

void Shards::run_shard(int64_t shard) {
  const int64_t samples = t_.batch / s_.count;
  batches_->fill(*order_, first_, shard * samples, samples);
  linnet_step_args_v1 args = args_;
  args.shard = shard;
  const size_t arena = take_arena();
  status_[static_cast<size_t>(shard)] =
      s_.step(batches_->part(shard), slots_, &args, blocks_.of(shard), arenas_[arena].memory.get());
  taken_[arena].store(0, std::memory_order_release);
}

int Shards::sum(Batches& batches, const std::vector<int64_t>& order, int64_t first,
                const void* slots, const linnet_step_args_v1& args) {
  batches_ = &batches;
  order_ = &order;
  first_ = first;
  slots_ = slots;
  args_ = args;
  batches.reserve(t_.batch, s_.count);
  threads_.each(
      s_.count, [](void* self, int64_t shard) { static_cast<Shards*>(self)->run_shard(shard); },
      this);
  for (const int status : status_) {
    if (status != 0) return status;
  }
  threads_.each(
      ceil_div(s_.block_bytes, kTileBytes),
      [](void* self, int64_t tile) {
        const ShardBlocks& blocks = static_cast<Shards*>(self)->blocks_;
        const int64_t begin = tile * kTileBytes;
        add_levels(blocks, 1, blocks.shards, begin, std::min(blocks.bytes, begin + kTileBytes));
      },
      this);
  return 0;
}

}  // namespace linnet::runtime::train
