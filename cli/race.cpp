// Rounds of two calls.
#include "cli/race.h"

#include <algorithm>
#include <chrono>
#include <vector>

namespace linnet::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kSampleNs = 500e3;
constexpr double kHopeless = 2.5;  // a call that takes so much longer once is not timed again
constexpr double kSlower = 1.1;    // nor is one beyond this in each of a few rounds
constexpr size_t kFewRounds = 3;

double once(const std::function<void()>& call, int64_t times) {
  const auto start = Clock::now();
  for (int64_t i = 0; i < times; ++i)
    call();
  const std::chrono::duration<double, std::nano> spent = Clock::now() - start;
  return std::max(spent.count(), 1.0) / static_cast<double>(times);
}

// Calls in one sample, by how long one takes when all of its memory has been touched.
int64_t calls_in_sample(const std::function<void()>& call) {
  call();
  const double ns = once(call, 3);
  return std::max<int64_t>(static_cast<int64_t>(kSampleNs / ns), 1);
}

double quantile(std::vector<double> values, size_t quarters) {
  std::ranges::sort(values);
  return values[std::min(values.size() * quarters / 4, values.size() - 1)];
}

}  // namespace

Race race(const Calls& before, const Calls& after, int64_t rounds) {
  const int64_t old_calls = calls_in_sample(before.front());
  after.front()();
  Race result{once(before.front(), 1), once(after.front(), 1), 1, 1};
  if (result.after_ns > kHopeless * result.before_ns &&
      once(after.front(), 1) > kHopeless * once(before.front(), 1)) {
    result.ratio = result.upper = result.after_ns / result.before_ns;
    return result;
  }
  const int64_t new_calls = calls_in_sample(after.front());
  std::vector<double> old_ns, new_ns, ratios;
  for (int64_t i = 0; i < rounds; ++i) {
    const auto at = static_cast<size_t>(i) % before.size();
    if (i % 2 == 0) old_ns.push_back(once(before[at], old_calls));
    new_ns.push_back(once(after[at], new_calls));
    if (i % 2 == 1) old_ns.push_back(once(before[at], old_calls));
    ratios.push_back(new_ns.back() / old_ns.back());
    if (ratios.size() == kFewRounds && quantile(ratios, 0) > kSlower) break;
  }
  return {quantile(old_ns, 2), quantile(new_ns, 2), quantile(ratios, 2), quantile(ratios, 3)};
}

}  // namespace linnet::cli
