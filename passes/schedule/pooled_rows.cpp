// pooled_rows{ct}: few input and output channels; a vector is a row of pooled pixels, whose
// windows' pixels are accumulators of their own.
#include "passes/schedule/anchors.h"

#include <algorithm>

namespace linnet::passes {

std::optional<ir::Schedule> choose_pooled_rows(const Candidate& group) {
  const auto parts = plain_anchor_group(group.body);
  if (!parts) return std::nullopt;
  const auto conv = convolution(group.body, *parts);
  if (!conv || conv->groups != 1 || !parts->pool) return std::nullopt;
  const int64_t lanes = group.target.lanes(4);
  if (fills_vectors(conv->outputs, lanes)) return std::nullopt;
  const bool plain = conv->rows.stride == 1 && conv->columns.stride == 1 &&
                     conv->rows.dilation == 1 && conv->columns.dilation == 1;
  if (!plain || conv->padded_bytes() > kStackScratch) return std::nullopt;
  const int64_t window = conv->pool_height * conv->pool_width;
  const int64_t room = accumulators(group.target) / window;
  if (room < 1) return std::nullopt;
  // Channels that share the pixels they read: the largest divisor that fits.
  int64_t ct = std::min(room, conv->outputs);
  while (conv->outputs % ct != 0)
    --ct;
  return ir::Schedule{"pooled_rows", {{"lanes", lanes}, {"ct", ct}}};
}

std::vector<ir::Layout> pooled_rows_layouts(const ir::Graph& body, const ir::Schedule&) {
  return std::vector<ir::Layout>(body.inputs.size());
}

}  // namespace linnet::passes
