// A pool of threads that take tiles in turn; they spin before they sleep.
#include "runtime/train/threads.h"

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <memory>
#include <mutex>
#include <pthread.h>
#include <thread>
#include <vector>

namespace linnet::runtime::train {
namespace {

constexpr int kSpins = 4000;  // tens of microseconds: the next kernel is nearer than a wake-up

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Workers wait for a number to change: each new number is one kernel's tiles.
//
// All atomics are sequentially consistent. `number_` and `sleepers_` must be: begin() writes the
// one and reads the other, a worker the other way round, and with weaker orders both could read
// what was before: nobody would be woken. `next_` and `busy_` would do with acquire and release,
// which are the same instructions on x86-64, once a tile.
class Pool {
public:
  explicit Pool(int count) {
    // Signals are the main thread's.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (int i = 1; i < count; ++i)
      workers_.emplace_back([this] { work(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  ~Pool() {
    begin([this] { stop_ = true; });
    for (std::thread& worker : workers_)
      worker.join();
  }

  int run(linnet_tile_v1 tile, int32_t min, int32_t count, uint8_t* closure) {
    begin([&] {
      tile_ = tile;
      closure_ = closure;
      end_ = min + count;
      next_.store(min);
      busy_.store(static_cast<int>(workers_.size()));
    });
    take();
    for (int i = 0; busy_.load() != 0; ++i)
      i < kSpins ? pause() : std::this_thread::yield();
    return 0;
  }

private:
  // The fields that `set` sets are the workers' once they see the new number.
  template <class Set> void begin(Set set) {
    set();
    number_.fetch_add(1);
    if (sleepers_.load() == 0) return;
    const std::lock_guard lock(mutex_);
    wake_.notify_all();
  }

  void take() {
    for (int32_t i = next_.fetch_add(1); i < end_; i = next_.fetch_add(1))
      tile_(nullptr, i, closure_);
  }

  void work() {
    for (int64_t seen = 0;; ++seen) {
      for (int i = 0; i < kSpins && number_.load() == seen; ++i)
        pause();
      if (number_.load() == seen) {
        std::unique_lock lock(mutex_);
        ++sleepers_;
        wake_.wait(lock, [&] { return number_.load() != seen; });
        --sleepers_;
      }
      if (stop_) return;
      take();
      busy_.fetch_sub(1);
    }
  }

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<int64_t> number_{0};
  std::atomic<int32_t> next_{0};
  std::atomic<int> busy_{0}, sleepers_{0};
  linnet_tile_v1 tile_ = nullptr;
  uint8_t* closure_ = nullptr;
  int32_t end_ = 0;
  bool stop_ = false;
};

std::unique_ptr<Pool> pool;

int run(linnet_tile_v1 tile, int32_t min, int32_t count, uint8_t* closure) {
  return pool->run(tile, min, count, closure);
}

}  // namespace

Threads::Threads(const linnet_trainer_v1& trainer, int count) : trainer_(trainer) {
  if (count < 2) return;
  pool = std::make_unique<Pool>(count);
  *trainer.parallel_for = run;
}

Threads::~Threads() {
  *trainer_.parallel_for = nullptr;
  pool.reset();
}

}  // namespace linnet::runtime::train
