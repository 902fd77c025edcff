// Medians of interleaved rounds: a noisy neighbour meets every candidate.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

namespace linnet::benchmarks {

// Mean time of `times` calls, ns.
inline double once(const std::function<void()>& call, int64_t times) {
  const auto start = std::chrono::steady_clock::now();
  for (int64_t i = 0; i < times; ++i)
    call();
  const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
  return time.count() / static_cast<double>(times);
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
  for (auto& list : lists) {
    std::sort(list.begin(), list.end());
    result.push_back(list[list.size() / 2]);
  }
  return result;
}

}  // namespace linnet::benchmarks
