// direct: output channels of a group fill vectors, a tile of pixels fills the registers.
#include "passes/schedule/direct.h"

#include "base/integers.h"
#include "passes/schedule/anchors.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::passes {
namespace {

struct Parts {
  AnchorGroup group;
  Convolution conv;
  int64_t samples = 0;

  explicit Parts(const ir::Graph& body)
      : group(*anchor_group(body)), conv(*convolution(body, group)),
        samples(body.value(group.anchor->results[0]).type.shape[0]) {}
};

}  // namespace

std::string Direct::fits(const ir::Graph& body) {
  const auto group = anchor_group(body);
  const auto conv = convolution(body, group);
  if (!conv) return conv.error();
  if (!source_dims(*group, 0) || !source_dims(*group, 1))
    return "its convolution reads an operand through more than transposes";
  if (conv->padded() && !group->through[0].empty())
    return "its convolution pads what it reads through a transpose";
  if (conv->padded()) {
    const int64_t bytes = conv->groups * conv->padded_bytes();
    if (auto why = beyond_stack("its padded picture has", bytes); !why.empty()) return why;
  }
  return not_as_picture(body);
}

std::vector<int64_t> Direct::legal(const ir::Graph& body, size_t key) const {
  const Parts parts(body);
  const int64_t room = kMostAccumulators / parts.conv.window();
  if (key == 0) return vector_lanes();
  if (key == 1) return up_to(std::min(ceil_div(parts.conv.outputs, lanes), room));
  if (key == 2) return up_to(std::min(parts.conv.result_width(), room / vectors));
  return up_to(parts.conv.padded() ? 1 : std::min(parts.samples, room / (vectors * pixels)));
}

Choice<Direct> Direct::choose(const Candidate& group) {
  const auto [parts, conv, samples] = Parts(group.body);
  Direct best;
  best.lanes = group.target.lanes(4);
  if (2 * conv.outputs < best.lanes) {
    return fmt::format("output channels {}{} fill less than half a vector of {}", conv.outputs,
                       conv.groups > 1 ? " of a group" : "", best.lanes);
  }
  const int64_t count = ceil_div(conv.outputs, best.lanes);
  const int64_t room = accumulators(group.target) / conv.window();
  if (room < 1) return no_room(conv, group.target);
  // Two vectors of channels share each pixel they read; more pixels share each weight.
  best.vectors = count % 2 == 0 && room >= 8 ? 2 : 1;
  best.pixels = row_tile(conv.result_width(), room / best.vectors);
  // Where rows are short, as in the gradient of a weight, so many samples at once: the least waste.
  const int64_t most =
      conv.padded() ? 1 : std::clamp<int64_t>(room / (best.vectors * best.pixels), 1, samples);
  const int64_t tiles = ceil_div(samples, most);
  best.samples = ceil_div(samples, tiles);
  TileCost cost{best.vectors * best.pixels * best.samples * conv.window()};
  cost.along(conv.outputs, best.lanes * best.vectors);
  cost.along(conv.result_width(), best.pixels);
  cost.along(samples, best.samples);
  return {best, to_string(cost, group.target)};
}

std::vector<ir::Layout> Direct::layouts(const ir::Graph& body) const {
  std::vector<ir::Layout> layouts(body.inputs.size());
  const auto [parts, conv, samples_] = Parts(body);
  const std::vector<int> dims = *source_dims(parts, 1);
  const int64_t block = lanes * vectors;
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
  const int64_t blocks = ceil_div(conv.outputs, block);
  weight.round[static_cast<size_t>(dims[0])] =
      conv.groups == 1 ? block : (conv.groups - 1) * conv.outputs + blocks * block;
  return layouts;
}

Family direct_family() {
  return family_of<Direct>();
}

}  // namespace linnet::passes
