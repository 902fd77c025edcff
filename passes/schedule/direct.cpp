// direct{cv, tx, tn}: output channels fill vectors, a tile of pixels fills the registers.
#include "passes/schedule/anchors.h"

#include <algorithm>

namespace linnet::passes {

std::optional<ir::Schedule> choose_direct(const Candidate& group) {
  const auto parts = anchor_group(group.body);
  const auto conv = parts ? convolution(group.body, *parts) : std::nullopt;
  if (!conv || !source_dims(*parts, 0) || !source_dims(*parts, 1)) return std::nullopt;
  if (conv->padded() && (conv->padded_bytes() > kStackScratch || !parts->through[0].empty()))
    return std::nullopt;
  const int64_t lanes = group.target.lanes(4);
  if (2 * conv->outputs < lanes) return std::nullopt;  // vectors would be half empty
  const int64_t vectors = (conv->outputs + lanes - 1) / lanes;
  const int64_t window = conv->pool_height * conv->pool_width;
  const int64_t room = accumulators(group.target) / window;
  if (room < 1) return std::nullopt;
  const int64_t width = conv->out_width / conv->pool_width;
  // Two vectors of channels share each pixel they read; more pixels share each weight.
  const int64_t cv = vectors % 2 == 0 && room >= 8 ? 2 : 1;
  // The widest tile that wastes least of the last one, which moves inwards.
  int64_t best = 1;
  int64_t best_waste = width * 64;
  for (int64_t tx = 1; tx <= std::min(room / cv, width); ++tx) {
    const int64_t tiles = (width + tx - 1) / tx;
    const int64_t waste = (tiles * tx - width) * 4 + tiles;  // a tile costs its weights' loads
    if (waste <= best_waste) {
      best = tx;
      best_waste = waste;
    }
  }
  ir::Schedule schedule{"direct", {{"lanes", lanes}, {"cv", cv}, {"tx", best}}};
  // Where rows are short, as in the gradient of a weight, so many samples at once: the least waste.
  const int64_t samples = group.body.value(parts->anchor->results[0]).type.shape[0];
  const int64_t most = conv->padded() ? 1 : std::min(room / (cv * best), samples);
  if (most > 1) {
    const int64_t tiles = (samples + most - 1) / most;
    schedule.parameters.emplace_back("tn", (samples + tiles - 1) / tiles);
  }
  return schedule;
}

std::vector<ir::Layout> direct_layouts(const ir::Graph& body, const ir::Schedule& schedule) {
  std::vector<ir::Layout> layouts(body.inputs.size());
  // [O, I, kH, kW] stored I, kH, kW, O: one vector of outputs for each tap.
  const AnchorGroup parts = *anchor_group(body);
  const std::vector<int> dims = *source_dims(parts, 1);
  ir::Layout& weight = layouts[parts.weight()];
  weight.order = {dims[1], dims[2], dims[3], dims[0]};
  weight.round = {1, 1, 1, 1};
  weight.round[static_cast<size_t>(dims[0])] = schedule.get("lanes", 1) * schedule.get("cv", 1);
  return layouts;
}

}  // namespace linnet::passes
