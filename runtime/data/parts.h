// All samples in their order, some at a time.
#pragma once

#include "runtime/data/samples.h"

#include <algorithm>
#include <numeric>

namespace linnet::runtime::train {

// Calls visit(first, number, data), a Result<void>, for all samples: data[i] of input i, then of
// the targets; nullptr of those that are not `wanted`, by the same numbers.
template <class Visit>
[[nodiscard]] Result<void> for_each_part(const Samples& samples, const std::vector<char>& wanted,
                                         const Visit& visit) {
  constexpr int64_t kPartBytes = int64_t{1} << 20;
  const int64_t most = std::clamp<int64_t>(
      kPartBytes / std::max<int64_t>(samples.bytes_of_sample(), 1), 1, samples.count);
  std::vector<std::vector<uint8_t>> memory(samples.bytes.size());
  std::vector<uint8_t*> data(samples.bytes.size(), nullptr);
  for (size_t i = 0; i < memory.size(); ++i) {
    if (!wanted[i]) continue;
    memory[i].resize(static_cast<size_t>(samples.bytes[i] * most));
    data[i] = memory[i].data();
  }
  std::vector<int64_t> which;
  for (int64_t first = 0; first < samples.count; first += most) {
    which.resize(static_cast<size_t>(std::min(most, samples.count - first)));
    std::iota(which.begin(), which.end(), first);
    LINNET_TRY(samples.fill(which, data));
    LINNET_TRY(visit(first, static_cast<int64_t>(which.size()), data));
  }
  return {};
}

}  // namespace linnet::runtime::train
