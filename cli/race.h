// Two calls timed in turn, for `linnet tune`.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace linnet::cli {

// ns of one call, and of the rounds the median and the upper quartile of after / before.
struct Race {
  double before_ns = 0, after_ns = 0;
  double ratio = 1, upper = 1;

  // Better by more than the noise: in three rounds of four by at least 2 %.
  [[nodiscard]] bool won() const { return upper < 0.98; }
};

// So many rounds of half a millisecond each, or one call if that takes longer; fewer where the
// second is clearly slower. A noisy neighbour meets both alike. The same call may stand there
// several times, on memory that lies otherwise: rounds take them in turn. As many of both.
using Calls = std::vector<std::function<void()>>;
[[nodiscard]] Race race(const Calls& before, const Calls& after, int64_t rounds);

}  // namespace linnet::cli
