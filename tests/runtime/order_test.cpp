// The order of an epoch, what is set apart, what is read ahead.
#include "runtime/data/order.h"

#include "runtime/data/batches.h"
#include "runtime/data/held.h"
#include "tests/base/files.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <numeric>
#include <thread>

namespace linnet::runtime::train {
namespace {

using testing::HasSubstr;

// Sample i is the number i; those from `end` on cannot be read.
class Numbers final : public Source {
public:
  explicit Numbers(bool in_a_row, int64_t end = INT64_MAX) : in_a_row_(in_a_row), end_(end) {}
  Result<void> fill(std::span<const int64_t> which, std::span<uint8_t* const> to) const override {
    for (size_t i = 0; i < which.size(); ++i) {
      if (which[i] >= end_) return fail("sample %lld is gone", static_cast<long long>(which[i]));
      std::memcpy(to[0] + i * 8, &which[i], 8);
    }
    return {};
  }
  bool in_a_row() const override { return in_a_row_; }

private:
  bool in_a_row_;
  int64_t end_;
};

Samples samples(int64_t count, int64_t bytes, bool in_a_row, int64_t end = INT64_MAX) {
  Samples result;
  result.count = count;
  result.bytes = {bytes};
  result.source = std::make_shared<const Numbers>(in_a_row, end);
  return result;
}

bool each_once(const std::vector<int64_t>& order, int64_t count) {
  std::vector<bool> seen(static_cast<size_t>(count));
  for (const int64_t i : order) {
    if (i < 0 || i >= count || seen[static_cast<size_t>(i)]) return false;
    seen[static_cast<size_t>(i)] = true;
  }
  return static_cast<int64_t>(order.size()) == count;
}

TEST(Order, OfFewSamplesIsOnePermutation) {
  const Samples few = samples(1000, 8, true);
  EXPECT_EQ(shuffle_block(few.count, 8, true), 1);
  Order order(few, 7, false);
  EXPECT_EQ(order.at(3, 0, 1000), permutation(1000, 7, 0xFFFFFFFF, 3));
  EXPECT_EQ(order.at(3, 990, 5)[2], permutation(1000, 7, 0xFFFFFFFF, 3)[992]);
  EXPECT_NE(order.at(4, 0, 1000), order.at(3, 0, 1000));
  EXPECT_NE(Order(few, 8, false).at(3, 0, 1000), order.at(3, 0, 1000));
  Order file(few, 7, true);
  EXPECT_EQ(file.at(3, 10, 2), (std::vector<int64_t>{10, 11}));
}

TEST(Order, BlocksDependOnNumberAndSizeAlone) {
  EXPECT_EQ(shuffle_block(int64_t{1} << 22, 16, true), 1);
  EXPECT_EQ(shuffle_block((int64_t{1} << 22) + 1, 16, true), 4096);
  EXPECT_EQ(shuffle_block((int64_t{1} << 22) + 1, 16, false), 1) << "files of their own";
  EXPECT_EQ(shuffle_block(1 << 20, 1024, true), 1);
  EXPECT_EQ(shuffle_block((1 << 20) + 1, 1024, true), 1024);
  EXPECT_EQ(shuffle_block(100'000, 1 << 21, true), 1) << "a sample is larger than a block";
  // What was read into memory is shuffled as it would be in its file.
  for (const bool in_a_row : {false, true}) {
    const auto held = Held::read(samples(100, 8, in_a_row));
    ASSERT_TRUE(held);
    EXPECT_EQ((*held)->in_a_row(), in_a_row);
  }
}

TEST(Order, OfBlocksIsAPermutationToo) {
  const int64_t count = (int64_t{1} << 22) + 12'345;  // the last block is short
  const Samples many = samples(count, 8, true);
  const int64_t block = shuffle_block(count, 8, true);
  ASSERT_EQ(block, 4096);
  Order order(many, 7, false);
  const auto first = order.at(0, 0, count);
  EXPECT_TRUE(each_once(first, count));
  EXPECT_FALSE(std::ranges::is_sorted(first.begin(), first.begin() + 100));
  // The first places are of one group of blocks.
  std::vector<int64_t> blocks;
  for (int64_t i = 0; i < Order::kGroup * block / 2; ++i)
    blocks.push_back(first[static_cast<size_t>(i)] / block);
  std::ranges::sort(blocks);
  blocks.erase(std::unique(blocks.begin(), blocks.end()), blocks.end());
  EXPECT_LE(blocks.size(), static_cast<size_t>(Order::kGroup));
  // By batches, across groups, from the middle, on another object: the same.
  Order again(many, 7, false);
  for (const int64_t at : {count - 100, int64_t{5}, Order::kGroup * block - 50}) {
    const auto batch = again.at(0, at, 100);
    EXPECT_TRUE(std::ranges::equal(batch, std::span(first).subspan(static_cast<size_t>(at), 100)));
  }
  EXPECT_NE(again.at(1, 0, 100), again.at(0, 0, 100));
  EXPECT_NE(Order(many, 8, false).at(0, 0, 100), again.at(0, 0, 100));
}

std::vector<int64_t> samples_of_runs(const std::vector<Samples::Run>& runs) {
  std::vector<int64_t> list;
  for (const Samples::Run& run : runs) {
    EXPECT_EQ(run.at, static_cast<int64_t>(list.size()));
    for (int64_t i = 0; i < run.number; ++i)
      list.push_back(run.first + i);
  }
  return list;
}

TEST(Split, SetsExactlySoManyApart) {
  for (const int64_t block : {1, 16, 1000}) {
    for (const int64_t apart : {0, 1, 99, 333, 1000}) {
      const Split parts = split(1000, apart, block, 5);
      const auto rest = samples_of_runs(parts.rest), drawn = samples_of_runs(parts.apart);
      EXPECT_EQ(static_cast<int64_t>(drawn.size()), apart);
      EXPECT_TRUE(std::ranges::is_sorted(rest) && std::ranges::is_sorted(drawn));
      std::vector<int64_t> all = rest;
      all.insert(all.end(), drawn.begin(), drawn.end());
      EXPECT_TRUE(each_once(all, 1000)) << block << " " << apart;
    }
  }
  auto last = permutation(1000, 5, 0xFFFFFFFE, 0);
  last.erase(last.begin(), last.end() - 99);
  std::ranges::sort(last);
  EXPECT_EQ(samples_of_runs(split(1000, 99, 1, 5).apart), last);
}

TEST(Samples, APartReadsItsOwn) {
  Samples part = samples(1000, 8, true);
  part.runs = split(1000, 100, 1, 5).apart;
  part.count = 100;
  const auto numbers = samples_of_runs(part.runs);
  std::vector<int64_t> which(100), read(100);
  std::iota(which.rbegin(), which.rend(), 0);
  auto* to = reinterpret_cast<uint8_t*>(read.data());
  ASSERT_TRUE(part.fill(which, {&to, 1}));
  EXPECT_TRUE(std::equal(read.rbegin(), read.rend(), numbers.begin()));
}

// ---- batches

class BatchesOf : public testing::Test {
protected:
  BatchesOf() { trainer_.input_count = 1; }
  linnet_trainer_v1 trainer_{};
};

TEST_F(BatchesOf, AreTheSameReadAhead) {
  const Samples all = samples(1000, 8, true);
  Batches batches(trainer_, all);
  Order order(all, 1, false);
  for (int64_t step = 0; step < 100; ++step) {
    const auto which = order.at(0, step * 10, 10);
    batches.begin(which);
    batches.ahead(step < 99 ? order.at(0, step * 10 + 10, 10) : std::vector<int64_t>(), 0, 10);
    const void* const* batch = batches.at(which, 0, 10);
    ASSERT_EQ(std::memcmp(batch[0], which.data(), 80), 0) << step;
  }
  // What was read ahead is not what is asked for.
  batches.ahead({1, 2, 3}, 0, 3);
  const std::vector<int64_t> other{4, 5, 6};
  batches.begin(other);
  EXPECT_EQ(std::memcmp(batches.at(other, 0, 3)[0], other.data(), 24), 0);
}

TEST_F(BatchesOf, KeepTheFirstFault) {
  const Samples all = samples(1000, 8, true, 500);
  Batches batches(trainer_, all);
  (void)batches.at({1, 2}, 0, 2);
  EXPECT_TRUE(all.check());
  batches.ahead({700, 701}, 0, 2);
  batches.begin({700, 701});
  EXPECT_THAT(message(all.check()), HasSubstr("sample 700 is gone"));
  (void)batches.at({800}, 0, 1);
  EXPECT_THAT(message(all.check()), HasSubstr("sample 700 is gone"));
}

TEST(ReadAhead, DoesOneJobAtATime) {
  std::atomic<int> done = 0;
  {
    ReadAhead ahead;
    EXPECT_FALSE(ahead.wait());
    for (int i = 0; i < 1000; ++i) {
      ahead.start([&done] { ++done; });
      if (i % 2) {
        EXPECT_TRUE(ahead.wait());
        EXPECT_EQ(done, i + 1);
      }
    }
    ahead.start([&done] { ++done; });
  }
  EXPECT_EQ(done, 1001) << "what was begun is ended";
}

}  // namespace
}  // namespace linnet::runtime::train
