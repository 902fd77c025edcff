#include "runtime/answers/plot.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

namespace linnet::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

TEST(Plot, TicksAreRound) {
  EXPECT_THAT(round_ticks(-3, 103, 5), ElementsAre(0, 20, 40, 60, 80, 100));
  EXPECT_THAT(round_ticks(0.1, 0.2, 2), ElementsAre(0.1, 0.15000000000000002, 0.2));
  EXPECT_FALSE(std::signbit(round_ticks(-3, 103, 5).front()));
  EXPECT_TRUE(round_ticks(1, 1, 5).empty());
}

TEST(Plot, LogarithmicTicksAreRoundToo) {
  EXPECT_THAT(log_ticks(0.3, 12), ElementsAre(0.5, 1, 2, 5, 10));
  EXPECT_THAT(log_ticks(1, 1e5), ElementsAre(1, 10, 100, 1000, 1e4, 1e5));
  EXPECT_TRUE(log_ticks(0, 1).empty());
}

TEST(Plot, WhatIsNotFiniteBreaksALine) {
  const Plot plot{"t", "x", "y", {{"a", {0, 1, 2, 3}, {1, kNone, 2, 3}}}, kNone};
  const std::string svg = plot.svg();
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  const size_t line = svg.find("stroke-width=\"1.6\"");
  ASSERT_NE(line, std::string::npos);
  const std::string path = svg.substr(svg.rfind("d=\"", line), 60);
  EXPECT_NE(path.find('M'), path.rfind('M')) << path;
}

TEST(Plot, NamesAreEscapedAndEmptyDataDrawn) {
  const Plot plot{"a < b & \"c\"", "x", "y", {{"<line>", {}, {}}}, kNone};
  EXPECT_THAT(plot.svg(), HasSubstr("a &lt; b &amp; &quot;c&quot;"));
  EXPECT_THAT(plot.svg(), Not(HasSubstr("<line>")));
  EXPECT_EQ(plot.svg(), plot.svg());
}

}  // namespace
}  // namespace linnet::runtime
