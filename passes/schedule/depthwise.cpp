// depthwise{lanes, tx}: a convolution of groups too small to fill a vector, of one channel as a
// rule: the channels of many groups fill vectors.
#include "passes/schedule/anchors.h"

#include <algorithm>

namespace linnet::passes {
namespace {

// Accumulators that cover the latency of the multiply-add; further registers hold the taps, which
// the pixels of a tile share.
constexpr int64_t kMostPixels = 8;

}  // namespace

std::optional<ir::Schedule> choose_depthwise(const Candidate& group) {
  const auto parts = plain_anchor_group(group.body);
  const auto conv = parts ? convolution(group.body, *parts) : std::nullopt;
  if (!conv || conv->groups == 1 || conv->padded()) return std::nullopt;
  int64_t lanes = group.target.lanes(4);
  if (2 * conv->outputs >= lanes) return std::nullopt;  // direct, or not without its padding
  while (lanes > conv->groups * conv->outputs)
    lanes /= 2;
  if (lanes < 4) return std::nullopt;
  const int64_t room = accumulators(group.target) / (conv->pool_height * conv->pool_width);
  if (room < 1) return std::nullopt;
  const int64_t width = conv->out_width / conv->pool_width;
  const int64_t tx = row_tile(width, std::min(room, kMostPixels));
  return ir::Schedule{"depthwise", {{"lanes", lanes}, {"tx", tx}}};
}

std::vector<ir::Layout> depthwise_layouts(const ir::Graph& body, const ir::Schedule&) {
  std::vector<ir::Layout> layouts(body.inputs.size());
  // [O, I, kH, kW] stored I, kH, kW, O: one vector of channels for each tap.
  layouts[anchor_group(body)->weight()].order = {1, 2, 3, 0};
  return layouts;
}

}  // namespace linnet::passes
