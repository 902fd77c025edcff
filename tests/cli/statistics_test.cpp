// Medians, percentiles, and intervals of data whose truth is known.
#include "cli/statistics.h"

#include "base/philox.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace linnet::cli {
namespace {

// Times of rounds: at least `least`, and skewed as times are, by an exponential distribution of a
// twentieth of it. Their true median is `least` · (1 + ln 2 / 20).
std::vector<double> rounds(double least, size_t count, uint64_t seed, uint32_t stream) {
  std::vector<double> times;
  for (size_t i = 0; i < count; ++i)
    times.push_back(least * (1 - 0.05 * std::log(1 - philox_uniform_f64(seed, stream, 0, i))));
  return times;
}

TEST(Statistics, MedianIsInTheMiddle) {
  EXPECT_EQ(median({5}), 5);
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 3, 2}), 2.5);
  EXPECT_EQ(median({7, 7, 7, 7, 1, 9}), 7);
}

TEST(Statistics, PercentileIsTheNearestRank) {
  std::vector<double> times(100);
  std::iota(times.begin(), times.end(), 1);
  EXPECT_EQ(percentile(times, 5000), 50);
  EXPECT_EQ(percentile(times, 5001), 51);
  EXPECT_EQ(percentile(times, 9900), 99);
  EXPECT_EQ(percentile(times, 9999), 100);
  EXPECT_EQ(percentile(times, 10000), 100);
  EXPECT_EQ(percentile(times, 1), 1);
  times.resize(10000);
  std::iota(times.begin(), times.end(), 1);
  EXPECT_EQ(percentile(times, 9999), 9999);  // the last but one: the fewest of which it is not max
  times.pop_back();
  EXPECT_EQ(percentile(times, 9999), 9999);  // max
}

TEST(Bootstrap, EqualTimesAreOne) {
  const std::vector<double> same(31, 812.5);
  EXPECT_EQ(ratio_interval(same, same), (Interval{1, 1}));
  const std::vector<double> twice(31, 1625);
  EXPECT_EQ(ratio_interval(same, twice), (Interval{2, 2}));
}

TEST(Bootstrap, TheSameDataGiveTheSameInterval) {
  const auto old = rounds(100, 31, 1, 1), now = rounds(100, 31, 2, 1);
  const auto first = ratio_interval(old, now);
  ASSERT_TRUE(first);
  EXPECT_EQ(ratio_interval(old, now), first);
  EXPECT_LT(first->low, first->high);
  // The order in which rounds were resampled is no matter of their unit.
  std::vector<double> halves = now;
  for (double& time : halves)
    time /= 2;
  EXPECT_EQ(ratio_interval(old, halves), (Interval{first->low / 2, first->high / 2}));
}

// Of rounds against themselves, drawn apart: 1 is inside, and the interval is not a point.
TEST(Bootstrap, OneRunAgainstItselfIsNotSlower) {
  const auto times = rounds(100, 31, 3, 1);
  const auto interval = ratio_interval(times, times);
  ASSERT_TRUE(interval);
  EXPECT_LT(interval->low, 1);
  EXPECT_GT(interval->high, 1);
}

class Coverage : public testing::TestWithParam<size_t> {};

// About 95 of 100 intervals hold the true ratio.
TEST_P(Coverage, IsAboutNinetyFivePercent) {
  constexpr double kTruth = 1.1;
  int covered = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const auto interval =
        ratio_interval(rounds(100, GetParam(), seed, 1), rounds(100 * kTruth, GetParam(), seed, 2));
    ASSERT_TRUE(interval);
    covered += interval->low <= kTruth && kTruth <= interval->high;
  }
  EXPECT_GE(covered, 90);
  EXPECT_LE(covered, 99);
}

INSTANTIATE_TEST_SUITE_P(Rounds, Coverage, testing::Values(9, 31));

TEST(Bootstrap, ASlowdownOfAFifthIsFound) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const auto interval = ratio_interval(rounds(100, 31, seed, 1), rounds(120, 31, seed, 2));
    ASSERT_TRUE(interval);
    EXPECT_GT(interval->low, 1.1) << seed;
    EXPECT_LT(interval->high, 1.3) << seed;
  }
}

// Rounds that a neighbour disturbed do not hide it, nor look like one.
TEST(Bootstrap, OutliersDoNotMoveIt) {
  auto old = rounds(100, 31, 5, 1), now = rounds(120, 31, 5, 2);
  for (size_t i = 0; i < 5; ++i)
    old[i * 6] = 5000;
  const auto interval = ratio_interval(old, now);
  ASSERT_TRUE(interval);
  EXPECT_GT(interval->low, 1.1);
  EXPECT_LT(interval->high, 1.3);
}

TEST(Bootstrap, TooLittleHasNoInterval) {
  const std::vector<double> six(6, 1.0), five(5, 1.0);
  EXPECT_TRUE(ratio_interval(six, six));
  EXPECT_FALSE(ratio_interval(five, six));
  EXPECT_FALSE(ratio_interval(six, five));
  EXPECT_FALSE(ratio_interval({}, six));
  // Kernels too short to be told from the clock: some rounds are 0 or below.
  const std::vector<double> none = {-1, 0, 0, 2, 1, 0, -2};
  EXPECT_FALSE(ratio_interval(none, six));
}

}  // namespace
}  // namespace linnet::cli
