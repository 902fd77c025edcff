// depthwise: the channels of many groups fill vectors.
#include "passes/schedule/depthwise.h"

#include "passes/schedule/anchors.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::passes {
namespace {

// Pixels that share the taps, which the other registers hold: 8 at most take 1.12x of 14 for
// 3 × 3 taps on rows of 26, 1.17x with stride 2, 1.20x for 5 × 5; four take 1.25x (96 channels, Zen
// 5).
constexpr int64_t kMostPixels = 14;
// Channels that go down the picture side by side: 16 take 1.3x of 64 at 14 × 14, where it is far
// from pixel to pixel; 48, 64 and 80 are alike, 144 take 1.05x at 56 × 56 (384 and 144 channels,
// Zen 5).
constexpr int64_t kMostChannels = 64;

Convolution convolution_of(const ir::Graph& body) {
  return *convolution(body, plain_anchor_group(body));
}

}  // namespace

std::string Depthwise::fits(const ir::Graph& body) {
  const auto conv = convolution(body, plain_anchor_group(body));
  if (!conv) return conv.error();
  if (conv->groups == 1) return "its convolution has one group";
  if (conv->padded() && !conv->zeros_stored)
    return "its convolution has padding, which would be a copy before it";
  if (conv->groups * conv->outputs < 4)
    return fmt::format("output channels {} fill no vector of 4", conv->groups * conv->outputs);
  return not_as_picture(body);
}

std::vector<int64_t> Depthwise::legal(const ir::Graph& body, size_t key) const {
  const Convolution conv = convolution_of(body);
  if (key == 0) return vector_lanes(conv.groups * conv.outputs);  // the last vector moves inwards
  if (key == 1) return up_to(std::min(conv.result_width(), kMostAccumulators / conv.window()));
  return up_to(std::min(ceil_div(conv.groups * conv.outputs, lanes), 2 * kMostChannels / lanes));
}

Choice<Depthwise> Depthwise::choose(const Candidate& group) {
  const Convolution conv = convolution_of(group.body);
  Depthwise best;
  best.lanes = group.target.lanes(4);
  // direct, or not without its padding: there one vector of a group, here lanes of many.
  if (2 * conv.outputs >= best.lanes) {
    return fmt::format("output channels {} of a group fill half a vector of {}: direct is better",
                       conv.outputs, best.lanes);
  }
  // The last vector moves inwards, which needs as many channels as lanes; 8 lanes where 16 fit take
  // 0.98x to 1.00x, so the loss is small (Zen 5).
  while (best.lanes > conv.groups * conv.outputs)
    best.lanes /= 2;
  const int64_t room = accumulators(group.target) / conv.window();
  if (room < 1) return no_room(conv, group.target);
  best.pixels = row_tile(conv.result_width(), std::min(room, kMostPixels));
  const int64_t vectors = ceil_div(conv.groups * conv.outputs, best.lanes);
  best.vectors = ceil_div(vectors, ceil_div(vectors, kMostChannels / best.lanes));
  TileCost cost{best.pixels * conv.window()};
  cost.along(conv.groups * conv.outputs, best.lanes);
  cost.along(conv.result_width(), best.pixels);
  return {best, to_string(cost, group.target)};
}

std::vector<ir::Layout> Depthwise::layouts(const ir::Graph& body) const {
  std::vector<ir::Layout> layouts(body.inputs.size());
  // [O, I, kH, kW] stored I, kH, kW, O: one vector of channels for each tap.
  layouts[anchor_group(body)->weight()].order = {1, 2, 3, 0};
  return layouts;
}

Family depthwise_family() {
  return family_of<Depthwise>();
}

}  // namespace linnet::passes
