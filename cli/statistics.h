// Medians, percentiles and intervals of measured times.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace linnet::cli {

// The mean of the two in the middle of an even number. `values` are not empty.
[[nodiscard]] double median(std::vector<double> values);

// The least value that `share` ten-thousandths of all are not above (the nearest rank): 9900 is
// the 99th percentile. `sorted` is not empty, 0 < share <= 10000.
[[nodiscard]] double percentile(std::span<const double> sorted, size_t share);

struct Interval {
  double low = 0, high = 0;
  bool operator==(const Interval&) const = default;
};

// Of five rounds the least and the largest enclose the median of what they are taken from in 15 of
// 16 cases, which is less than 95 %; of six in 31 of 32.
inline constexpr size_t kFewestRounds = 6;

// 95 % interval of median(now) / median(old), rounds of two runs that know nothing of each other.
// The same data give the same interval. None of fewer than kFewestRounds rounds, or where a median
// of the old ones is not above 0, as of kernels too short to be told from reading the clock.
[[nodiscard]] std::optional<Interval> ratio_interval(std::span<const double> old,
                                                     std::span<const double> now);

}  // namespace linnet::cli
