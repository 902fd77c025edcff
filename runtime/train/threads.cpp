// The trainer's kernels by the pool that products have too.
#include "runtime/train/threads.h"

#include "base/abi/pool.h"

namespace linnet::runtime::train {
namespace {

alignas(LINNET_POOL_ALIGN) unsigned char memory[LINNET_POOL_BYTES];

linnet_pool_v1* pool() {
  return reinterpret_cast<linnet_pool_v1*>(memory);
}

// A tile keeps half of a first-level cache on its thread's stack at most.
constexpr int64_t kStackBytes = 1 << 20;

int run(linnet_tile_v1 tile, int32_t min, int32_t count, uint8_t* closure) {
  return linnet_pool_v1_run(pool(), tile, min, count, closure);
}

}  // namespace

Threads::Threads(const linnet_trainer_v1& trainer, int count) : trainer_(trainer), count_(count) {
  // Without threads all goes on in one.
  if (count < 2 ||
      linnet_pool_v1_start(pool(), count, LINNET_MOST_THREADS, 0, kStackBytes) != LINNET_DONE)
    return;
  linnet_pool_v1_begin(pool());  // steps follow each other: one long call
  begun_ = true;
  *trainer.parallel_for = run;
}

Threads::~Threads() {
  if (!begun_) return;
  *trainer_.parallel_for = nullptr;
  linnet_pool_v1_end(pool());
  linnet_pool_v1_stop(pool());
}

void Threads::each(int64_t count, Job job, void* closure) const {
  struct Shared {
    Job job;
    void* closure;
  } shared{job, closure};
  const auto tile = [](void*, int32_t i, uint8_t* of) {
    const auto* told = reinterpret_cast<const Shared*>(of);
    told->job(told->closure, i);
    return 0;
  };
  linnet_pool_v1_run(pool(), tile, 0, static_cast<int32_t>(count),
                     reinterpret_cast<uint8_t*>(&shared));
}

}  // namespace linnet::runtime::train
