// direct{cv, tx, tn}: output channels of a group fill vectors, a tile of pixels fills the
// registers.
#include "passes/schedule/anchors.h"

#include <algorithm>

namespace linnet::passes {

std::optional<ir::Schedule> choose_direct(const Candidate& group) {
  const auto parts = anchor_group(group.body);
  const auto conv = parts ? convolution(group.body, *parts) : std::nullopt;
  if (!conv || !source_dims(*parts, 0) || !source_dims(*parts, 1)) return std::nullopt;
  if (conv->padded() &&
      (conv->groups * conv->padded_bytes() > kStackScratch || !parts->through[0].empty()))
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
  const int64_t tx = row_tile(width, room / cv);
  ir::Schedule schedule{"direct", {{"lanes", lanes}, {"cv", cv}, {"tx", tx}}};
  // Where rows are short, as in the gradient of a weight, so many samples at once: the least waste.
  const int64_t samples = group.body.value(parts->anchor->results[0]).type.shape[0];
  const int64_t most = conv->padded() ? 1 : std::min(room / (cv * tx), samples);
  if (most > 1) {
    const int64_t tiles = (samples + most - 1) / most;
    schedule.parameters.emplace_back("tn", (samples + tiles - 1) / tiles);
  }
  return schedule;
}

std::vector<ir::Layout> direct_layouts(const ir::Graph& body, const ir::Schedule& schedule) {
  std::vector<ir::Layout> layouts(body.inputs.size());
  const AnchorGroup parts = *anchor_group(body);
  const Convolution conv = *convolution(body, parts);
  const std::vector<int> dims = *source_dims(parts, 1);
  const int64_t block = schedule.get("lanes", 1) * schedule.get("cv", 1);
  ir::Layout& weight = layouts[parts.weight()];
  if (dims[0] == 0 && (conv.groups == 1 || conv.outputs % block == 0)) {
    // Blocks of outputs, each with all its taps in a row, Nchw32n: a kernel reads one block for all
    // pixels before the next.
    weight.order = {0, dims[1], dims[2], dims[3]};
    weight.block_dim = 0;
    weight.block = block;
    return layouts;
  }
  // [O, I, kH, kW] stored I, kH, kW, O: one vector of outputs for each tap. The last group's
  // vectors reach beyond its outputs.
  weight.order = {dims[1], dims[2], dims[3], dims[0]};
  weight.round = {1, 1, 1, 1};
  const int64_t blocks = (conv.outputs + block - 1) / block;
  weight.round[static_cast<size_t>(dims[0])] =
      conv.groups == 1 ? block : (conv.groups - 1) * conv.outputs + blocks * block;
  return layouts;
}

}  // namespace linnet::passes
