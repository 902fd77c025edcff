// The clock read around each call.
#include "cli/single_calls.h"

#include "cli/statistics.h"

#include <algorithm>
#include <chrono>
#include <limits>

namespace linnet::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kUsualNs = 100e6, kLongestNs = 2e9;  // of all calls
constexpr int64_t kFewest = 20000, kMost = 1000000;   // that these are turned into
constexpr double kBlockNs = 4e6;     // after which the state is as in the beginning again
constexpr int64_t kLeastBlock = 16;  // calls, so that few are made unseen

double ns_between(Clock::time_point start, Clock::time_point end) {
  return std::chrono::duration<double, std::nano>(end - start).count();
}

// The clock of some machines ticks but every 10 ns or more: a mean tells what lies between.
double clock_ns() {
  constexpr int kReadings = 10000;
  std::vector<double> all(kReadings);
  for (double& one : all) {
    const auto start = Clock::now();
    one = ns_between(start, Clock::now());
  }
  std::ranges::sort(all);
  double sum = 0;
  for (int i = kReadings / 4; i < kReadings * 3 / 4; ++i)
    sum += all[static_cast<size_t>(i)];
  return sum / (kReadings / 2.0);
}

double about_ns(const BenchCall& call) {
  call.restart();
  call.whole();
  double least = kLongestNs;
  for (int i = 0; i < 3; ++i) {
    const auto start = Clock::now();
    call.whole();
    least = std::min(least, ns_between(start, Clock::now()));
  }
  return std::max(least, 1.0);
}

// Fills `times` from its beginning, and tells how many; nothing here allocates.
size_t fill_times(const BenchCall& call, size_t block, double budget_ns,
                  std::vector<double>& times) {
  const auto begin = Clock::now();
  for (size_t i = 0; i < times.size(); ++i) {
    if (i % block == 0) {
      call.restart();
      call.whole();
    }
    const auto start = Clock::now();
    call.whole();
    const auto end = Clock::now();
    times[i] = ns_between(start, end);
    if (ns_between(begin, end) > budget_ns) return i + 1;
  }
  return times.size();
}

}  // namespace

CallTimes time_single_calls(Session& session, const BenchCall& call, int64_t calls) {
  const double ns = about_ns(call);
  const double budget_ns = calls > 0 ? std::numeric_limits<double>::infinity() : kLongestNs;
  if (calls == 0) calls = std::clamp(static_cast<int64_t>(kUsualNs / ns), kFewest, kMost);
  std::vector<double> times(static_cast<size_t>(calls));
  const Working working(session, "timing single calls");
  const auto block = static_cast<size_t>(std::max<double>(kBlockNs / ns, kLeastBlock));
  times.resize(fill_times(call, block, budget_ns, times));
  std::ranges::sort(times);
  CallTimes result;
  result.calls = static_cast<int64_t>(times.size());
  result.clock = clock_ns();
  const auto without_clock = [&](double time) { return std::max(time - result.clock, 0.0); };
  result.p50 = without_clock(percentile(times, 5000));
  result.p99 = without_clock(percentile(times, 9900));
  result.max = without_clock(times.back());
  if (result.calls >= kCallsOfP9999) result.p9999 = without_clock(percentile(times, 9999));
  return result;
}

}  // namespace linnet::cli
