// The pool of threads by itself: every tile once, whoever calls, starts, stops or forks meanwhile.
#include "base/abi/model.h"
#include "base/abi/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <dirent.h>
#include <fstream>
#include <memory>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>
#include <xmmintrin.h>

namespace linnet {
namespace {

constexpr int64_t kStack = 1 << 18;

// A pool as it lies in a model's object; its threads end with it.
class Pool {
public:
  Pool() = default;
  ~Pool() { linnet_pool_v1_stop(get()); }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  [[nodiscard]] linnet_pool_v1* get() { return reinterpret_cast<linnet_pool_v1*>(memory_); }
  int start(int count, int spin = 0) {
    return linnet_pool_v1_start(get(), count, 64, spin, kStack);
  }

private:
  alignas(LINNET_POOL_ALIGN) unsigned char memory_[LINNET_POOL_BYTES] = {};
};

// How often each tile was done; plain numbers, so that a race is one for the sanitizer too.
struct Tiles {
  int32_t min = 0;
  std::vector<int> done;
};

int tile(void*, int32_t i, uint8_t* closure) {
  auto& tiles = *reinterpret_cast<Tiles*>(closure);
  ++tiles.done[static_cast<size_t>(i - tiles.min)];
  return 0;
}

// Does a kernel of `count` tiles do each once, and is all visible to its caller?
bool does_each_once(Pool& pool, int32_t count, int32_t min = 3) {
  Tiles tiles{min, std::vector<int>(static_cast<size_t>(count))};
  linnet_pool_v1_begin(pool.get());
  const int status =
      linnet_pool_v1_run(pool.get(), tile, min, count, reinterpret_cast<uint8_t*>(&tiles));
  linnet_pool_v1_end(pool.get());
  return status == 0 && tiles.done == std::vector<int>(static_cast<size_t>(count), 1);
}

TEST(Pool, DoesEveryTileOnce) {
  auto pool = std::make_unique<Pool>();
  for (const int threads : {1, 2, 3, 8}) {
    ASSERT_EQ(pool->start(threads), LINNET_DONE);
    for (const int32_t count : {0, 1, 2, 3, 7, 100, 255, 65535, 65536}) {
      for (int i = 0; i < (count < 1000 ? 200 : 2); ++i)
        ASSERT_TRUE(does_each_once(*pool, count)) << threads << " threads, " << count << " tiles";
    }
  }
}

TEST(Pool, AwakeAThreadTakesWorkAtOnce) {
  auto pool = std::make_unique<Pool>();
  ASSERT_EQ(pool->start(4, 1000), LINNET_DONE);
  for (int i = 0; i < 2000; ++i)
    ASSERT_TRUE(does_each_once(*pool, 1 + i % 40));
}

TEST(Pool, RefusesOtherNumbersAndKeepsWhatItHas) {
  auto pool = std::make_unique<Pool>();
  linnet_pool_v1_stop(pool->get());  // without a start
  ASSERT_EQ(pool->start(3), LINNET_DONE);
  EXPECT_EQ(pool->start(0), LINNET_THREADS_INVALID);
  EXPECT_EQ(pool->start(-1), LINNET_THREADS_INVALID);
  EXPECT_EQ(pool->start(65), LINNET_THREADS_INVALID);
  EXPECT_EQ(pool->start(2, -1), LINNET_THREADS_INVALID);
  EXPECT_TRUE(does_each_once(*pool, 50));
  EXPECT_EQ(pool->start(2), LINNET_DONE);  // twice: the number changes
  EXPECT_TRUE(does_each_once(*pool, 50));
  linnet_pool_v1_stop(pool->get());
  linnet_pool_v1_stop(pool->get());
  EXPECT_TRUE(does_each_once(*pool, 50));
}

TEST(Pool, ServesOneKernelAtATimeAndOthersGoOnAlone) {
  auto pool = std::make_unique<Pool>();
  ASSERT_EQ(pool->start(3), LINNET_DONE);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 3; ++caller) {
    callers.emplace_back([&] {
      for (int i = 0; i < 500; ++i)
        wrong += !does_each_once(*pool, 20 + i % 7);
    });
  }
  for (int i = 0; i < 20; ++i)  // threads come and go under them
    EXPECT_EQ(pool->start(1 + i % 4), LINNET_DONE);
  for (std::thread& caller : callers)
    caller.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Pool, AChildHasNoThreadsUntilItStartsItsOwn) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer starts no threads in a child of a process with threads";
#endif
  auto pool = std::make_unique<Pool>();
  ASSERT_EQ(pool->start(3), LINNET_DONE);
  ASSERT_TRUE(does_each_once(*pool, 50));
  const pid_t child = fork();
  if (child == 0) {
    bool ok = does_each_once(*pool, 50);
    ok = ok && pool->start(2) == LINNET_DONE && does_each_once(*pool, 50);
    linnet_pool_v1_stop(pool->get());
    _exit(ok && does_each_once(*pool, 50) ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_TRUE(does_each_once(*pool, 50));  // the parent's are there still
}

// Letters of the states of this process's threads, but for the one that asks.
std::string others() {
  std::string states;
  DIR* folder = opendir("/proc/self/task");
  while (const dirent* entry = readdir(folder)) {
    const std::string id = entry->d_name;
    if (id[0] == '.' || id == std::to_string(gettid())) continue;
    std::string text;
    std::getline(std::ifstream("/proc/self/task/" + id + "/stat"), text);
    states += text.substr(text.rfind(')') + 2, 1);
  }
  closedir(folder);
  return states;
}

TEST(Pool, SleepsBetweenCalls) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer has a thread of its own";
#endif
  auto pool = std::make_unique<Pool>();
  ASSERT_EQ(pool->start(3), LINNET_DONE);
  ASSERT_TRUE(does_each_once(*pool, 50));
  for (int i = 0; i < 10000 && others() != "SS"; ++i)
    usleep(1000);
  EXPECT_EQ(others(), "SS");
}

int record_mode(void*, int32_t i, uint8_t* closure) {
  usleep(100);  // so that nobody does them all
  reinterpret_cast<uint32_t*>(closure)[i] = _mm_getcsr() & ~0x3fU;
  return 0;
}

TEST(Pool, TilesSeeTheirCallersMxcsr) {
  auto pool = std::make_unique<Pool>();
  ASSERT_EQ(pool->start(3), LINNET_DONE);
  const uint32_t before = _mm_getcsr();
  for (const uint32_t bits : {0x8040U, 0U}) {  // FTZ and DAZ; neither
    _mm_setcsr((before & ~0x8040U) | bits);
    std::vector<uint32_t> modes(30);
    linnet_pool_v1_run(pool->get(), record_mode, 0, 30, reinterpret_cast<uint8_t*>(modes.data()));
    for (const uint32_t mode : modes)
      EXPECT_EQ(mode, ((before & ~0x8040U) | bits) & ~0x3fU);
  }
  _mm_setcsr(before);
}

TEST(Pool, TakesNoSignals) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer delays signals";
#endif
  auto pool = std::make_unique<Pool>();
  static std::atomic<pid_t> taker;
  std::signal(SIGUSR1, [](int) { taker = gettid(); });
  ASSERT_EQ(pool->start(3), LINNET_DONE);
  for (int i = 0; i < 100; ++i) {
    taker = 0;
    kill(getpid(), SIGUSR1);
    EXPECT_EQ(taker, gettid());
  }
  std::signal(SIGUSR1, SIG_DFL);
}

}  // namespace
}  // namespace linnet
