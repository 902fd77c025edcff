// A pool of threads that take the tiles of kernels; they sleep between calls. Linked into products
// of C programs too: libc only, nothing of libstdc++ but headers.
#include "base/abi/pool.h"
#include "base/abi/model.h"

#include <atomic>
#include <csignal>
#include <ctime>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

// Several models in one program bring it several times; a shared library keeps it to itself.
#define LINNET_OF_POOL __attribute__((weak, visibility("hidden")))

namespace {

using Word = std::atomic<uint32_t>;
static_assert(sizeof(Word) == 4 && Word::is_always_lock_free, "a futex is a plain number");

// How long a thread waits awake within a call: the next kernel is nearer than a wake-up, which
// takes 5 µs of the waker and 50 µs of a sleeper (Zen 5, a virtual machine).
constexpr int64_t kSpinNs = 50'000;
constexpr int kPausesPerClock = 32;

}  // namespace

// Each thread has a share of a job, neighbours that are the same in each kernel of as many tiles:
// what it wrote in one it finds in its own cache for the next (ResNet-18, two threads: 0.97x of
// shares as they come, Zen 5). Who has done his own helps others. A share is a word: the number of
// the job, and from which to which tile nobody has taken any. A thread that takes some replaces the
// word: if it is still that job's, the job is not done, and so what was read of its other fields in
// between is that job's too.
struct alignas(LINNET_POOL_ALIGN) linnet_pool_v1 {
  Word signal;    // the number of the newest job, or of what ends threads; they wait for it
  Word sleepers;  // on `signal`
  Word calls;     // under way
  Word ending;    // 1: threads end
  std::atomic<linnet_tile_v1> tile;
  std::atomic<uint8_t*> closure;
  std::atomic<int32_t> min;  // number of the first tile
  Word control;              // MXCSR, FPCR or rounding mode

  alignas(LINNET_POOL_ALIGN) Word undone;  // tiles of the job; its caller waits for 0
  Word waiting;                            // 1: asleep

  alignas(LINNET_POOL_ALIGN) Word owner;  // 1: a kernel has the threads, or they are changed
  std::atomic<int32_t> workers;
  Word begun;  // of the workers, who has an index
  Word forks;  // `forked` when they were started
  std::atomic<int32_t> spin;
  pthread_t threads[LINNET_MOST_THREADS];
  std::atomic<uint64_t> shares[LINNET_MOST_THREADS];  // of the caller first
};
static_assert(sizeof(linnet_pool_v1) == LINNET_POOL_BYTES);

namespace {

Word forked;  // times that this process is a child of one that had a pool

void relax() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("isb");  // some 30 cycles; `yield` takes none on most cores
#endif
}

uint32_t control() {
#if defined(__x86_64__)
  return _mm_getcsr() & ~0x3fU;  // not the exceptions that were met
#elif defined(__aarch64__)
  uint64_t value = 0;
  asm volatile("mrs %0, fpcr" : "=r"(value));
  return static_cast<uint32_t>(value);
#elif defined(__riscv)
  uint64_t value = 0;
  asm volatile("frrm %0" : "=r"(value));
  return static_cast<uint32_t>(value);
#else
  return 0;
#endif
}

void set_control([[maybe_unused]] uint32_t value) {
#if defined(__x86_64__)
  _mm_setcsr(value);
#elif defined(__aarch64__)
  asm volatile("msr fpcr, %0" : : "r"(uint64_t{value}));
#elif defined(__riscv)
  asm volatile("fsrm %0" : : "r"(uint64_t{value}));
#endif
}

int64_t now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

void futex_wait(Word& word, uint32_t value) {
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
}
void futex_wake(Word& word, int count) {
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
}

constexpr int32_t kMostTiles = 0xffff;

struct Share {
  uint32_t job, first, end;
  explicit Share(uint64_t word)
      : job(static_cast<uint32_t>(word >> 32)), first(static_cast<uint32_t>(word) >> 16),
        end(static_cast<uint32_t>(word) & kMostTiles) {}
  Share(uint32_t job, uint32_t first, uint32_t end) : job(job), first(first), end(end) {}
  [[nodiscard]] uint64_t word() const { return uint64_t{job} << 32 | first << 16 | end; }
};

// Takes of a share half of what is left until there is nothing: the owner from its begin, others
// from its end.
void take(linnet_pool_v1& pool, std::atomic<uint64_t>& from, bool owns) {
  uint64_t word = from.load(std::memory_order_acquire);
  for (Share share(word); share.first < share.end; share = Share(word)) {
    const linnet_tile_v1 tile = pool.tile.load(std::memory_order_relaxed);
    uint8_t* closure = pool.closure.load(std::memory_order_relaxed);
    const int32_t min = pool.min.load(std::memory_order_relaxed);
    const uint32_t mode = pool.control.load(std::memory_order_relaxed);
    const uint32_t count = (share.end - share.first + 1) / 2;
    Share rest = share;
    const uint32_t first = owns ? share.first : share.end - count;
    (owns ? rest.first : rest.end) = owns ? share.first + count : first;
    if (!from.compare_exchange_weak(word, rest.word(), std::memory_order_acq_rel)) continue;
    if (mode != control()) set_control(mode);
    for (uint32_t i = first; i < first + count; ++i)
      tile(nullptr, min + static_cast<int32_t>(i), closure);
    // The caller says that it waits and then looks at what is undone; here it is the other way
    // round, and both in one order for all threads: it is woken, or does not fall asleep.
    if (pool.undone.fetch_sub(count) == count && pool.waiting.load() != 0)
      futex_wake(pool.undone, 1);
    word = from.load(std::memory_order_acquire);
  }
}

void take(linnet_pool_v1& pool, uint32_t index) {
  const uint32_t count = 1 + static_cast<uint32_t>(pool.workers.load(std::memory_order_relaxed));
  for (uint32_t i = 0; i < count; ++i)
    take(pool, pool.shares[(index + i) % count], i == 0);
}

// Returns the new value of `signal`, which was `seen`: awake for a while, then asleep.
uint32_t wait(linnet_pool_v1& pool, uint32_t seen) {
  const int64_t begin = now_ns();
  for (int pauses = 1;; ++pauses) {
    uint32_t value = pool.signal.load(std::memory_order_acquire);
    if (value != seen) return value;
    const int64_t own = int64_t{1000} * pool.spin.load(std::memory_order_relaxed);
    const bool called = pool.calls.load(std::memory_order_relaxed) != 0;
    const int64_t limit = called && own < kSpinNs ? kSpinNs : own;
    if (limit != 0 && (pauses % kPausesPerClock != 0 || now_ns() - begin < limit)) {
      relax();
      continue;
    }
    // As above: whoever signals looks for sleepers afterwards.
    pool.sleepers.fetch_add(1);
    while ((value = pool.signal.load()) == seen)
      futex_wait(pool.signal, seen);
    pool.sleepers.fetch_sub(1);
    return value;
  }
}

void signal(linnet_pool_v1& pool, int count) {
  pool.signal.fetch_add(1);
  if (pool.sleepers.load() != 0) futex_wake(pool.signal, count);
}

void* work(void* argument) {
  auto& pool = *static_cast<linnet_pool_v1*>(argument);
  const uint32_t index = 1 + pool.begun.fetch_add(1);
  // `seen` first: what is signalled later is not missed.
  for (uint32_t seen = pool.signal.load(); pool.ending.load() == 0; seen = wait(pool, seen))
    take(pool, index);
  return nullptr;
}

void own(linnet_pool_v1& pool) {
  while (pool.owner.exchange(1, std::memory_order_acquire) != 0)
    sched_yield();
}
void release(linnet_pool_v1& pool) {
  pool.owner.store(0, std::memory_order_release);
}

bool is_own_process(const linnet_pool_v1& pool) {
  return pool.forks.load(std::memory_order_relaxed) == forked.load(std::memory_order_relaxed);
}

// In a child there are no threads, whatever they were at.
void forget_parent(linnet_pool_v1& pool) {
  const uint32_t now = forked.load();
  if (pool.forks.exchange(now) == now) return;
  pool.workers.store(0);
  pool.sleepers.store(0);
  pool.waiting.store(0);
  for (auto& share : pool.shares)
    share.store(0);
  release(pool);
}

// Of the owner.
void end_threads(linnet_pool_v1& pool) {
  const int32_t count = pool.workers.load();
  pool.ending.store(1);
  signal(pool, count);
  for (int32_t i = 0; i < count; ++i)
    pthread_join(pool.threads[i], nullptr);
  pool.ending.store(0);
  pool.workers.store(0);
}

// Threads and their stacks are all that is allocated. Signals are for the program's own threads.
int begin_threads(linnet_pool_v1& pool, int32_t count, int64_t stack_bytes) {
  static Word watched;
  if (watched.exchange(1) == 0 &&
      pthread_atfork(nullptr, nullptr, [] { forked.fetch_add(1); }) != 0) {
    watched.store(0);
    return LINNET_THREADS_FAILED;
  }
  pool.begun.store(0);
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return LINNET_THREADS_FAILED;
  const int64_t least = sysconf(_SC_THREAD_STACK_MIN);  // AArch64: 128 KiB
  int failed = pthread_attr_setstacksize(
      &attributes, static_cast<size_t>(stack_bytes < least ? least : stack_bytes));
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (int32_t i = 0; i < count && failed == 0; ++i) {
    failed = pthread_create(&pool.threads[i], &attributes, work, &pool);
    if (failed == 0) pool.workers.store(i + 1);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  if (failed == 0) return LINNET_DONE;
  end_threads(pool);
  return LINNET_THREADS_FAILED;
}

int alone(linnet_tile_v1 tile, int32_t min, int32_t count, uint8_t* closure) {
  for (int32_t i = min; i < min + count; ++i)
    tile(nullptr, i, closure);
  return 0;
}

}  // namespace

extern "C" {

LINNET_OF_POOL int linnet_pool_v1_start(linnet_pool_v1* pool, int count, int most, int spin,
                                        int64_t stack_bytes) {
  if (count < 1 || count > most || most > LINNET_MOST_THREADS || spin < 0)
    return LINNET_THREADS_INVALID;
  forget_parent(*pool);
  own(*pool);
  pool->spin.store(spin);
  int status = LINNET_DONE;
  if (pool->workers.load() != count - 1) {
    end_threads(*pool);
    if (count > 1) status = begin_threads(*pool, count - 1, stack_bytes);
  }
  release(*pool);
  return status;
}

LINNET_OF_POOL void linnet_pool_v1_stop(linnet_pool_v1* pool) {
  forget_parent(*pool);
  own(*pool);
  end_threads(*pool);
  release(*pool);
}

LINNET_OF_POOL void linnet_pool_v1_begin(linnet_pool_v1* pool) {
  pool->calls.fetch_add(1, std::memory_order_relaxed);
}

LINNET_OF_POOL void linnet_pool_v1_end(linnet_pool_v1* pool) {
  pool->calls.fetch_sub(1, std::memory_order_relaxed);
}

LINNET_OF_POOL int linnet_pool_v1_run(linnet_pool_v1* pool, linnet_tile_v1 tile, int32_t min,
                                      int32_t count, uint8_t* closure) {
  if (count < 2 || count > kMostTiles || pool->workers.load(std::memory_order_relaxed) == 0 ||
      !is_own_process(*pool) || pool->owner.exchange(1, std::memory_order_acquire) != 0)
    return alone(tile, min, count, closure);
  const int32_t workers = pool->workers.load();
  if (workers == 0) {
    release(*pool);
    return alone(tile, min, count, closure);
  }
  const uint32_t before = control();
  pool->tile.store(tile, std::memory_order_relaxed);
  pool->closure.store(closure, std::memory_order_relaxed);
  pool->min.store(min, std::memory_order_relaxed);
  pool->control.store(before, std::memory_order_relaxed);
  pool->undone.store(static_cast<uint32_t>(count), std::memory_order_relaxed);
  const uint32_t job = pool->signal.load(std::memory_order_relaxed) + 1;
  const int32_t threads = 1 + workers;
  for (int32_t i = 0; i < threads; ++i) {
    const auto bound = [&](int32_t of) {
      return static_cast<uint32_t>(int64_t{count} * of / threads);
    };
    pool->shares[i].store(Share(job, bound(i), bound(i + 1)).word(), std::memory_order_release);
  }
  signal(*pool, workers < count ? workers : count - 1);
  take(*pool, 0);
  const int64_t begin = pool->undone.load(std::memory_order_acquire) != 0 ? now_ns() : 0;
  for (int pauses = 1; pool->undone.load(std::memory_order_acquire) != 0; ++pauses) {
    if (pauses % kPausesPerClock != 0 || now_ns() - begin < kSpinNs) {
      relax();
      continue;
    }
    pool->waiting.store(1);
    if (const uint32_t undone = pool->undone.load()) futex_wait(pool->undone, undone);
    pool->waiting.store(0);
  }
  release(*pool);
  return 0;
}

}  // extern "C"
