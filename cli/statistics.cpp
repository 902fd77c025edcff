// The percentile bootstrap of a ratio of medians.
#include "cli/statistics.h"

#include "base/philox.h"
#include "support/check.h"

#include <algorithm>
#include <cstdint>

namespace linnet::cli {
namespace {

constexpr uint64_t kSeed = 0;
constexpr size_t kResamples = 2000;
constexpr uint32_t kOld = 1, kNow = 2;  // streams of random numbers: the two are drawn apart

double median_of(std::span<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

// The median of as many rounds, each drawn from all of them.
double resampled_median(std::span<const double> rounds, uint32_t stream, size_t resample,
                        std::span<double> drawn) {
  PhiloxCounter words{};
  for (size_t i = 0; i < rounds.size(); ++i) {
    if (i % 4 == 0) words = philox_block(kSeed, stream, resample, static_cast<uint32_t>(i / 4));
    drawn[i] = rounds[(uint64_t{words[i % 4]} * rounds.size()) >> 32];
  }
  return median_of(drawn);
}

}  // namespace

double median(std::vector<double> values) {
  LINNET_CHECK(!values.empty(), "the median of nothing");
  return median_of(values);
}

double percentile(std::span<const double> sorted, size_t share) {
  constexpr size_t kAll = 10000;
  LINNET_CHECK(!sorted.empty() && share > 0 && share <= kAll, "no such percentile");
  return sorted[(sorted.size() * share + kAll - 1) / kAll - 1];
}

// B. Efron, R. J. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13 (the percentile
// interval) and section 8.3 (two samples, each resampled by itself). Times are skewed and have
// outliers, so nothing is assumed of how they are distributed; that the ratio of two runs is what
// to give an interval of: T. Kalibera, R. Jones, "Rigorous benchmarking in reasonable time", 2013.
std::optional<Interval> ratio_interval(std::span<const double> old, std::span<const double> now) {
  if (old.size() < kFewestRounds || now.size() < kFewestRounds) return std::nullopt;
  std::vector<double> drawn(std::max(old.size(), now.size()));
  std::vector<double> ratios;
  for (size_t i = 0; i < kResamples; ++i) {
    const double before = resampled_median(old, kOld, i, std::span(drawn).first(old.size()));
    if (!(before > 0)) return std::nullopt;
    ratios.push_back(resampled_median(now, kNow, i, std::span(drawn).first(now.size())) / before);
  }
  std::ranges::sort(ratios);
  return Interval{percentile(ratios, 250), percentile(ratios, 9750)};
}

}  // namespace linnet::cli
