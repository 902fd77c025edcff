// Medians of interleaved rounds: a noisy neighbour meets every candidate.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

namespace linnet::benchmarks {

using Clock = std::chrono::steady_clock;

inline double ns_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::nano>(Clock::now() - begin).count();
}

inline double median(std::vector<double> values) {
  std::ranges::nth_element(values, values.begin() + static_cast<int64_t>(values.size() / 2));
  return values[values.size() / 2];
}

// Mean time of `times` calls, ns.
inline double once(const std::function<void()>& call, int64_t times) {
  const auto start = Clock::now();
  for (int64_t i = 0; i < times; ++i)
    call();
  return ns_since(start) / static_cast<double>(times);
}

// Median time of one call of each, ns: 101 rounds of about a millisecond, in turn.
inline std::vector<double> medians(const std::vector<std::function<void()>>& calls) {
  constexpr int kRounds = 101;
  constexpr double kRoundNs = 1.5e6;
  std::vector<int64_t> times;
  for (const auto& call : calls) {
    once(call, 20);
    times.push_back(
        std::max<int64_t>(static_cast<int64_t>(kRoundNs / std::max(once(call, 20), 1.0)), 1));
  }
  std::vector<std::vector<double>> lists(calls.size());
  for (int round = 0; round < kRounds; ++round) {
    for (size_t i = 0; i < calls.size(); ++i)
      lists[i].push_back(once(calls[i], times[i]));
  }
  std::vector<double> result;
  for (const auto& list : lists)
    result.push_back(median(list));
  return result;
}

}  // namespace linnet::benchmarks
