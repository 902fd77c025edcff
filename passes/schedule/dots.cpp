// dots: what is summed fills the vectors, where the results are too few to.
#include "passes/schedule/dots.h"

#include "passes/schedule/anchors.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::passes {
namespace {

// Fewer vectors to sum than this, and joining the lanes of a sum takes longer than the sum.
constexpr int64_t kFewestVectors = 4;

Convolution convolution_of(const ir::Graph& body) {
  return *convolution(body, plain_anchor_group(body));
}

}  // namespace

std::string Dots::fits(const ir::Graph& body) {
  const auto group = plain_anchor_group(body);
  const auto conv = convolution(body, group);
  if (!conv) return conv.error();
  if (group->pool) return "it has a pool";
  if (conv->groups != 1) return "its convolution has groups";
  if (conv->padded() && !conv->zeros_stored)
    return "its convolution has padding, which would be a copy before it";
  if (conv->channels % 4 != 0)
    return fmt::format("input channels {} are no whole vectors of 4", conv->channels);
  const ir::Layout picture =
      body.value(body.inputs[group->source[0]].value).type.layout.without_halo();
  if (!picture.is_row_major() && picture.order != kChannelsLast)
    return "its convolution reads a picture in another layout";
  return not_as_picture(body);
}

std::vector<int64_t> Dots::legal(const ir::Graph& body, size_t key) const {
  const Convolution conv = convolution_of(body);
  if (key == 0) {
    std::vector<int64_t> values = vector_lanes();
    std::erase_if(values, [&](int64_t value) { return conv.channels % value != 0; });
    return values;
  }
  if (key == 1) return divisors(conv.outputs, kMostAccumulators);
  return up_to(std::min(conv.result_width(), kMostAccumulators / outputs));
}

Choice<Dots> Dots::choose(const Candidate& group) {
  const Convolution conv = convolution_of(group.body);
  Dots best;
  best.lanes = group.target.lanes(4);
  if (2 * conv.outputs >= best.lanes) {
    return fmt::format("output channels {} fill half a vector of {}: direct is better",
                       conv.outputs, best.lanes);
  }
  while (conv.channels % best.lanes != 0)
    best.lanes /= 2;
  const int64_t vectors = conv.channels / best.lanes * conv.rows.size * conv.columns.size;
  if (vectors < kFewestVectors)
    return fmt::format("sums of {} products are too short for vectors along them",
                       vectors * best.lanes);
  const int64_t room = accumulators(group.target);
  best.outputs = divisors(conv.outputs, room).back();
  best.pixels = row_tile(conv.result_width(), room / best.outputs);
  TileCost cost{best.outputs * best.pixels};
  cost.along(conv.result_width(), best.pixels);
  return {best, to_string(cost, group.target)};
}

std::vector<ir::Layout> Dots::layouts(const ir::Graph& body) const {
  std::vector<ir::Layout> layouts(body.inputs.size());
  const AnchorGroup parts = *plain_anchor_group(body);
  layouts[parts.weight()].order = kChannelsLast;
  const ir::Layout& picture = body.value(body.inputs[parts.source[0]].value).type.layout;
  if (picture.without_halo().is_row_major()) {
    layouts[parts.source[0]] = picture;  // with its halo
    layouts[parts.source[0]].order = kChannelsLast;
  }
  return layouts;
}

Family dots_family() {
  return family_of<Dots>();
}

}  // namespace linnet::passes
