// Rounding of sizes, and arithmetic that says when it does not fit.
#include "base/integers.h"

#include <gtest/gtest.h>
#include <limits>

namespace linnet {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

TEST(Integers, QuotientsAndMultiplesRoundAsTheirNamesSay) {
  for (int64_t unit : {1, 2, 7, 64}) {
    for (int64_t a = 0; a < 200; ++a) {
      const int64_t quotient = ceil_div(a, unit);
      EXPECT_GE(quotient * unit, a);
      EXPECT_LT((quotient - 1) * unit, a);
      EXPECT_EQ(round_up(a, unit), quotient * unit);
      EXPECT_LE(round_down(a, unit), a);
      EXPECT_GT(round_down(a, unit) + unit, a);
      EXPECT_EQ(round_down(a, unit) % unit, 0);
    }
  }
  static_assert(round_up(size_t{65}, 64) == 128);
}

TEST(Integers, AQuotientOfTheLargestDoesNotOverflow) {
  EXPECT_EQ(ceil_div(kMax, kMax), 1);
  EXPECT_EQ(ceil_div(int64_t{5}, kMax), 1);
  EXPECT_EQ(ceil_div(kMax, 2), kMax / 2 + 1);
}

TEST(Integers, CheckedArithmeticSaysWhatDoesNotFit) {
  EXPECT_EQ(checked_mul(3, -4), -12);
  EXPECT_EQ(checked_mul(kMax, 2), std::nullopt);
  EXPECT_EQ(checked_mul(int64_t{1} << 32, int64_t{1} << 31), std::nullopt);
  EXPECT_EQ(checked_add(kMax, 1), std::nullopt);
  EXPECT_EQ(checked_add(kMax, 0), kMax);
}

}  // namespace
}  // namespace linnet
