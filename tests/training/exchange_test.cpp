// The tree of sums over processes: its plan, executed for all of them in turn, and messages between
// threads that take the part of processes.
#include "runtime/train/exchange.h"

#include <gmock/gmock.h>

#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <thread>

namespace linnet::runtime::train {
namespace {

// ---- a transport between threads, each with a number of its own

class Post {
public:
  using Way = std::array<int64_t, 3>;  // from, to, tag
  void put(Way way, std::vector<uint8_t> bytes) {
    const std::scoped_lock lock(mutex_);
    boxes_[way].push_back(std::move(bytes));
  }
  std::optional<std::vector<uint8_t>> take(Way way) {
    const std::scoped_lock lock(mutex_);
    auto& box = boxes_[way];
    if (box.empty()) return std::nullopt;
    auto bytes = std::move(box.front());
    box.pop_front();
    return bytes;
  }
  [[nodiscard]] bool empty() const {
    return std::ranges::all_of(boxes_, [](const auto& box) { return box.second.empty(); });
  }

private:
  std::mutex mutex_;
  std::map<Way, std::deque<std::vector<uint8_t>>> boxes_;
};

struct Expected {
  uint8_t* data;
  int64_t bytes;
  Post::Way way;
};
Post* post = nullptr;
std::atomic<int64_t> sent_bytes, most_sent;
thread_local int64_t self = 0, mine_sent = 0;
thread_local std::deque<Expected> expected;

int64_t send_to(const void* data, int64_t bytes, int64_t to, int64_t tag) {
  const auto* from = static_cast<const uint8_t*>(data);
  post->put({self, to, tag}, {from, from + bytes});
  sent_bytes += bytes;
  mine_sent += bytes;
  return -1;
}
int64_t receive(void* data, int64_t bytes, int64_t from, int64_t tag) {
  expected.push_back({static_cast<uint8_t*>(data), bytes, {from, self, tag}});
  return static_cast<int64_t>(expected.size()) - 1;
}
int passed(int64_t message) {
  if (message < 0) return 1;
  const Expected& it = expected[static_cast<size_t>(message)];
  const auto bytes = post->take(it.way);
  if (!bytes) return 0;
  EXPECT_EQ(static_cast<int64_t>(bytes->size()), it.bytes);
  std::ranges::copy(*bytes, it.data);
  return 1;
}

const linnet_mpi_v1 kThreads = {LINNET_MPI_VERSION,
                                sizeof(linnet_mpi_v1),
                                "threads",
                                nullptr,
                                send_to,
                                receive,
                                passed,
                                nullptr,
                                nullptr,
                                nullptr};

// ---- sums

// Numbers whose sum depends on the order.
std::vector<float> numbers(int64_t shards, int64_t bytes) {
  std::mt19937 random(static_cast<uint32_t>(shards * 1000 + bytes));
  std::uniform_real_distribution<float> exponent(-12, 12);
  std::vector<float> values(static_cast<size_t>(shards * bytes) / sizeof(float));
  for (float& value : values)
    value = std::exp2(exponent(random)) * (random() % 2 == 0 ? 1.0f : -1.0f);
  return values;
}

struct Memory {
  alignas(64) uint8_t bytes[1 << 23];
};

// The blocks of a run of shards, with room for flags ahead of each.
ShardBlocks blocks_of(Memory& memory, const std::vector<float>& all, ShardRun run, int64_t bytes) {
  const int64_t stride = bytes + kFlagBytes;
  ShardBlocks blocks{DType::kF32, run.count(), stride, memory.bytes};
  EXPECT_LE(run.count() * stride, static_cast<int64_t>(sizeof memory.bytes));
  for (int64_t i = run.first; i < run.end; ++i)
    std::memcpy(blocks.of(i - run.first) + kFlagBytes,
                reinterpret_cast<const uint8_t*>(all.data()) + i * bytes,
                static_cast<size_t>(bytes));
  return blocks;
}

void run_process(int64_t rank, int64_t processes, int64_t shards, int64_t bytes,
                 const std::vector<float>& all, const std::vector<uint8_t>& wanted) {
  self = rank;
  mine_sent = 0;
  expected.clear();
  const auto memory = std::make_unique<Memory>();
  const ShardRun run = shard_run(shards, processes, rank);
  const ShardBlocks blocks = blocks_of(*memory, all, run, bytes);
  const Processes others(kThreads, rank, processes);
  const linnet_trainer_v1 trainer{};
  const Threads threads(trainer, 1);
  Exchange exchange(others, threads, shards, blocks);
  // As a step tells it: nothing, in the middle, in parts; others at other moments.
  for (int64_t part = rank % 4; part > 0; --part)
    exchange.finished(kFlagBytes + bytes * part / (part + 1) / 64 * 64);
  ShardFlags flags;
  const auto number = static_cast<uint64_t>(rank);
  exchange.finish({rank == processes / 2 ? 7u : 0u, number}, flags);
  EXPECT_EQ(std::memcmp(blocks.first + kFlagBytes, wanted.data(), wanted.size()), 0)
      << rank << " of " << processes << ", shards " << shards << ", bytes " << bytes;
  EXPECT_EQ(flags.status, 7u);
  EXPECT_EQ(flags.signal, static_cast<uint64_t>(processes - 1));
  int64_t before = most_sent;
  while (before < mine_sent && !most_sent.compare_exchange_weak(before, mine_sent)) {
  }
}

void check(int64_t processes, int64_t shards, int64_t bytes) {
  const auto all = numbers(shards, bytes);
  const auto memory = std::make_unique<Memory>();
  const ShardBlocks one = blocks_of(*memory, all, {0, shards}, bytes);
  add_levels(one, 1, shards, kFlagBytes, one.bytes);
  const std::vector<uint8_t> wanted(one.first + kFlagBytes, one.first + one.bytes);
  Post office;
  post = &office;
  sent_bytes = most_sent = 0;
  std::vector<std::jthread> all_of_them;
  for (int64_t rank = 0; rank < processes; ++rank)
    all_of_them.emplace_back(
        [&, rank] { run_process(rank, processes, shards, bytes, all, wanted); });
  all_of_them.clear();
  EXPECT_TRUE(office.empty()) << "messages that nobody expects";
}

TEST(Exchange, AnyNumberOfProcessesGivesTheBitsOfOne) {
  for (const int64_t shards : {2, 3, 4, 5, 6, 7, 8, 12, 16}) {
    for (int64_t processes = 2; processes <= shards; ++processes) {
      for (const int64_t bytes : {64, 1024})
        check(processes, shards, bytes);
    }
  }
}

// Blocks that are cut in ranges: still the same bits.
TEST(Exchange, LargeBlocksTravelInParts) {
  for (const int64_t shards : {4, 5, 8}) {
    for (int64_t processes = 2; processes <= shards; ++processes)
      check(processes, shards, 60'032);
  }
  check(2, 2, 200'000 / 64 * 64);
  check(4, 4, 100'032);
}

// Recursive halving: each sends about twice a block, not the root all of them.
TEST(Exchange, TheWorkOfSendingIsShared) {
  const int64_t bytes = 1'048'576 - kFlagBytes;
  check(4, 4, bytes);
  EXPECT_EQ(sent_bytes, 4 * 2 * (bytes + kFlagBytes) * 3 / 4);
  EXPECT_LT(most_sent, 2 * (bytes + kFlagBytes) * 4 / 5);
  EXPECT_GT(most_sent, 2 * (bytes + kFlagBytes) * 7 / 10);
  // A small block has the fewest messages instead: up to the first process and down again.
  check(4, 4, 64);
  EXPECT_EQ(sent_bytes, 6 * (64 + kFlagBytes));
}

TEST(Exchange, RunsOfShardsAreContiguousAndEven) {
  for (int64_t shards = 1; shards < 40; ++shards) {
    for (int64_t processes = 1; processes <= shards; ++processes) {
      int64_t end = 0;
      for (int64_t rank = 0; rank < processes; ++rank) {
        const ShardRun run = shard_run(shards, processes, rank);
        EXPECT_EQ(run.first, end);
        EXPECT_GE(run.count(), shards / processes);
        EXPECT_LE(run.count(), (shards + processes - 1) / processes);
        end = run.end;
      }
      EXPECT_EQ(end, shards);
    }
  }
}

// What one process sends, the other expects: in the same order, of the same size.
TEST(Exchange, PlansOfProcessesFitEachOther) {
  for (const int64_t shards : {8, 13, 64, 100}) {
    for (const int64_t processes : {2, 3, 7, 8, 13, 64}) {
      if (processes > shards) continue;
      std::vector<ExchangePlan> plans;
      for (int64_t rank = 0; rank < processes; ++rank)
        plans.emplace_back(shards, processes, rank, 1 << 20, 1024);
      for (int64_t a = 0; a < processes; ++a) {
        for (int64_t b = 0; b < processes; ++b) {
          if (a == b) continue;
          const auto messages = [&](int64_t of, Move::Kind kind, int64_t peer) {
            std::vector<std::pair<int64_t, int64_t>> found;
            for (const auto* levels : {&plans[of].up, &plans[of].down}) {
              for (const auto& level : *levels) {
                for (const Move& move : level) {
                  if (move.kind == kind && move.peer == peer)
                    found.emplace_back(move.begin, move.end);
                }
              }
            }
            return found;
          };
          EXPECT_EQ(messages(a, Move::kSend, b), messages(b, Move::kReceive, a));
        }
      }
    }
  }
}

}  // namespace
}  // namespace linnet::runtime::train
