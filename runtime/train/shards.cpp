// Shards as tiles of the pool of threads; no kernel within one is shared.
#include "runtime/train/shards.h"

#include "base/integers.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>

namespace linnet::runtime::train {
namespace {

// Whom the code of a shard tells.
Shards* listening = nullptr;

}  // namespace

Shards::Shards(const linnet_trainer_v1& trainer, const Threads& threads, const Processes& processes)
    : t_(trainer), s_(*trainer.shards), threads_(threads),
      run_(shard_run(s_.count, processes.count(), processes.rank())),
      memory_(run_.count() * (s_.block_bytes + kFlagBytes)),
      status_(static_cast<size_t>(run_.count())) {
  blocks_ = {dtype_of_abi(t_.dtype), run_.count(), s_.block_bytes + kFlagBytes,
             static_cast<uint8_t*>(memory_.memory.get())};
  // What lies between the arrays of a block is added too.
  std::memset(blocks_.first, 0, static_cast<size_t>(blocks_.shards * blocks_.bytes));
  if (s_.point_count > 0) points_.emplace(t_, threads_, processes, run_);
  const auto count = points_ ? run_.count() : std::min<int64_t>(threads.count(), run_.count());
  for (int64_t i = 0; i < count; ++i) {
    arenas_.emplace_back(s_.arena_bytes);
    // What lies between the vectors at its end is added too.
    std::memset(static_cast<uint8_t*>(arenas_.back().memory.get()) + s_.exchange_at, 0,
                static_cast<size_t>(s_.arena_bytes - s_.exchange_at));
  }
  taken_ = std::make_unique<std::atomic<uint32_t>[]>(arenas_.size());
  if (!processes.together()) return;
  exchange_.emplace(processes, threads, s_.count, blocks_);
  final_ = std::make_unique<std::atomic<int64_t>[]>(status_.size());
  messenger_ = std::this_thread::get_id();
  // For a benchmark: nothing is sent before the end of the step.
  const char* times = std::getenv(kTimesVariable);
  if (!s_.finished || (times && std::strcmp(times, "late") == 0)) return;
  listening = this;
  *s_.finished = told;
}

Shards::~Shards() {
  if (listening != this) return;
  listening = nullptr;
  *s_.finished = nullptr;
}

// What all shards of this process have finished goes on its way; of those that have not begun,
// nothing is.
void Shards::told(void* block, int64_t from) {
  Shards& self = *listening;
  const int64_t mine = (static_cast<uint8_t*>(block) - self.blocks_.first) / self.blocks_.bytes;
  self.final_[static_cast<size_t>(mine)].store(from, std::memory_order_release);
  if (std::this_thread::get_id() != self.messenger_) return;
  for (size_t i = 0; i < self.status_.size(); ++i)
    from = std::max(from, self.final_[i].load(std::memory_order_acquire));
  self.exchange_->finished(kFlagBytes + from);
}

size_t Shards::take_arena() {
  for (size_t i = 0;; i = (i + 1) % arenas_.size()) {
    if (taken_[i].exchange(1, std::memory_order_acquire) == 0) return i;
  }
}

void Shards::run_shard(int64_t shard) {
  const int64_t samples = t_.batch / s_.count;
  if (phase_ == 0) batches_->fill(*order_, 0, shard * samples, samples);
  linnet_step_args_v1 args = args_;
  args.shard = shard;
  args.phase = phase_;
  const int64_t mine = shard - run_.first;
  const size_t arena = points_ ? static_cast<size_t>(mine) : take_arena();
  status_[static_cast<size_t>(mine)] =
      s_.step(batches_->part(shard), slots_, &args, numbers(mine), arenas_[arena].memory.get());
  if (!points_) taken_[arena].store(0, std::memory_order_release);
  if (final_ && phase_ == last_phase())
    final_[static_cast<size_t>(mine)].store(0, std::memory_order_release);
}

void Shards::run_phases() {
  for (phase_ = 0; phase_ <= last_phase(); ++phase_) {
    threads_.each(
        run_.count(),
        [](void* of, int64_t i) {
          auto* self = static_cast<Shards*>(of);
          self->run_shard(self->run_.first + i);
        },
        this);
    if (phase_ < last_phase() && points_->sum(phase_, arenas_, worst_status()) != 0) return;
  }
}

int Shards::worst_status() const {
  if (!batches_->check()) return kUnread;
  const auto failed = std::ranges::find_if(status_, [](int status) { return status != 0; });
  return failed == status_.end() ? 0 : *failed;
}

int Shards::sum(Batches& batches, const std::vector<int64_t>& order, const void* slots,
                const linnet_step_args_v1& args, int& signal) {
  batches_ = &batches;
  order_ = &order;
  slots_ = slots;
  args_ = args;
  batches.reserve(t_.batch, s_.count);
  for (size_t i = 0; final_ && i < status_.size(); ++i)
    final_[i].store(s_.block_bytes, std::memory_order_relaxed);
  run_phases();
  if (exchange_) {
    const auto begin = std::chrono::steady_clock::now();
    ShardFlags all;
    exchange_->finish({static_cast<uint64_t>(worst_status()), static_cast<uint64_t>(signal)}, all);
    summing_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    signal = static_cast<int>(all.signal);
    return static_cast<int>(all.status);
  }
  threads_.each(
      ceil_div(s_.block_bytes, kTileBytes),
      [](void* of, int64_t tile) {
        const ShardBlocks& blocks = static_cast<const Shards*>(of)->blocks_;
        const int64_t begin = kFlagBytes + tile * kTileBytes;
        add_levels(blocks, 1, blocks.shards, begin, std::min(blocks.bytes, begin + kTileBytes));
      },
      this);
  return worst_status();
}

}  // namespace linnet::runtime::train
