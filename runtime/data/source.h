// Where samples are read from, whatever lies behind it: each when a batch needs it.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace linnet::runtime::train {

class Source {
public:
  Source() = default;
  virtual ~Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  // The samples of these numbers, one after the other, in the types of the ports: to[i] of input
  // i, then of the targets; nullptr: not wanted. Several threads may call it at once.
  [[nodiscard]] virtual Result<void> fill(std::span<const int64_t> which,
                                          std::span<uint8_t* const> to) const = 0;
  // Samples first … first + count − 1 will be asked for soon, in any order.
  virtual void expect(int64_t first, int64_t count) const {
    (void)first;
    (void)count;
  }
  // Can reading port i find a number that may not be there? Then all are read before training.
  [[nodiscard]] virtual bool may_be_wrong(size_t port) const {
    (void)port;
    return true;
  }
  // Do they lie one behind the other in a file, so that a disk reads neighbours faster?
  [[nodiscard]] virtual bool in_a_row() const { return false; }
};

// Of a file, at one go.
inline constexpr int64_t kReadBytes = int64_t{1} << 20;

// Of numbers that follow each other, how many from `at` on.
[[nodiscard]] inline int64_t run_from(std::span<const int64_t> which, size_t at, int64_t most) {
  int64_t count = 1;
  while (count < most && at + static_cast<size_t>(count) < which.size() &&
         which[at + static_cast<size_t>(count)] == which[at] + count)
    ++count;
  return count;
}

}  // namespace linnet::runtime::train
