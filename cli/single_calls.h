// Calls timed one by one, for the tail of their times: what a caller waits at worst.
#pragma once

#include "cli/bench_call.h"

#include <cstdint>
#include <optional>

namespace linnet::cli {

// ns of one call, without what reading the clock takes.
struct CallTimes {
  int64_t calls = 0;  // that were timed
  double p50 = 0, p99 = 0, max = 0;
  std::optional<double> p9999;  // none of fewer than kCallsOfP9999
  double clock = 0;             // what was taken off each
};

// Of fewer calls the 99.99th percentile is the longest one.
inline constexpr int64_t kCallsOfP9999 = 10000;

// `calls`: how many; 0: as many as take a tenth of a second, at least 20,000, but no more than fit
// into two seconds. Between blocks of them the state is set back, and a call is made unseen.
[[nodiscard]] CallTimes time_single_calls(Session& session, const BenchCall& call, int64_t calls);

}  // namespace linnet::cli
