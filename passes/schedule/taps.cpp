// taps{lanes, ct}: a convolution whose window is larger than its result, such as the gradient of a
// convolution's weight: a vector is a piece of a row of the window.
#include "passes/schedule/anchors.h"

#include <algorithm>

namespace linnet::passes {

std::optional<ir::Schedule> choose_taps(const Candidate& group) {
  const auto parts = anchor_group(group.body);
  const auto conv = parts ? convolution(group.body, *parts) : std::nullopt;
  if (!conv || conv->groups != 1 || parts->pool || conv->padded()) return std::nullopt;
  for (size_t operand : {0, 1}) {
    const auto dims = source_dims(*parts, operand);
    if (!dims || dims->back() != 3) return std::nullopt;
  }
  if (conv->columns.stride != 1 || conv->columns.dilation != 1) return std::nullopt;
  if (conv->columns.size < conv->out_width) return std::nullopt;
  int64_t lanes = group.target.lanes(4);
  if (fills_vectors(conv->outputs, lanes)) return std::nullopt;
  while (lanes > conv->columns.size)
    lanes /= 2;
  if (lanes < 4) return std::nullopt;
  const int64_t room = accumulators(group.target);
  if (conv->out_width > room) return std::nullopt;
  int64_t ct = std::min(room / conv->out_width, conv->outputs);
  while (conv->outputs % ct != 0)
    --ct;
  const int64_t sums = lanes * ct * conv->out_width * (conv->out_height + 1) * 4;
  if (sums > kStackScratch) return std::nullopt;
  return ir::Schedule{"taps", {{"lanes", lanes}, {"ct", ct}}};
}

}  // namespace linnet::passes
