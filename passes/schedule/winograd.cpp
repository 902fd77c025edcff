// winograd: tiles of a 3 × 3 convolution are multiplied point by point.
#include "passes/schedule/winograd.h"

#include "base/integers.h"
#include "base/memory.h"
#include "ir/builder.h"
#include "passes/schedule/anchors.h"
#include "passes/schedule/winograd_error.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::passes {
namespace {

struct Parts {
  AnchorGroup group;
  Convolution conv;

  explicit Parts(const ir::Graph& body)
      : group(*anchor_group(body)), conv(*convolution(body, group)) {}

  [[nodiscard]] const ir::Layout& weight(const ir::Graph& body) const {
    return body.value(body.inputs[group.weight()].value).type.layout;
  }
};

bool pools_whole(const Convolution& conv, int64_t tile) {
  return tile % conv.pool_height == 0 && tile % conv.pool_width == 0;
}

// The kernel counts elements of its scratch by 32 bits.
constexpr int64_t kMostScratch = 1 << 29;
// What Halide adds behind an allocation.
constexpr int64_t kPadding = 128;

// Cycles of a core, modelled: two multiply-adds of a vector in each, of which tiles that fill the
// registers reach nine in ten.
constexpr double kAtOnce = 2 * 0.9;
// Of the transforms, for a vector of channels of one tile, with their way through L2 (Zen 5).
double transform_cycles(int64_t tile) {
  return tile == 4 ? 340 : 130;
}
// Bytes of weights that come in a cycle where they exceed L2: between L3 (24 on a Zen 5, 9 on an
// Emerald Rapids) and DRAM (7 and 5).
constexpr double kBeyondL2 = 8;
// Winograd is taken below this share of direct's time, as modelled. Of direct's time it takes 0.40x
// for 64 channels at 56 × 56 (modelled: 0.40), 0.34x for 128 at 28 × 28 (0.39), 0.52x for 256 at
// 14 × 14 (0.59), 0.76x for 512 at 7 × 7 (0.88), within ResNet-18 on a Zen 5.
constexpr double kWorth = 0.95;

double weight_cycles(int64_t elements, const TargetInfo& target) {
  const int64_t bytes = 4 * elements;
  return 5 * bytes <= 3 * target.l2_bytes ? 0 : static_cast<double>(bytes) / kBeyondL2;
}

double direct_cycles(const Convolution& conv, int64_t samples, const TargetInfo& target) {
  constexpr int64_t kTaps = ir::kWinogradTaps * ir::kWinogradTaps;
  const int64_t weights = kTaps * conv.channels * conv.outputs;
  const auto sums = static_cast<double>(samples * conv.out_height * conv.out_width * weights);
  return sums / static_cast<double>(target.lanes(4)) / kAtOnce + weight_cycles(weights, target);
}

// 0: nobody may look at the weights.
double probed_error(const ir::Node& weight, int64_t tile) {
  if (weight.attrs.get_or(ir::kOpaque, false)) return 0;
  return winograd_error(*weight.tensor, tile);
}

}  // namespace

WinogradSizes::WinogradSizes(const ir::Graph& body, int64_t tile) {
  const Convolution conv = Parts(body).conv;
  columns = ceil_div(conv.out_width, tile);
  tile_rows = ceil_div(conv.out_height, tile);
  points = ir::winograd_side(tile) * ir::winograd_side(tile);
  channels = conv.channels;
  outputs = conv.outputs;
}

std::string Winograd::fits(const ir::Graph& body) {
  const auto group = plain_anchor_group(body);
  const auto conv = convolution(body, group);
  if (!conv) return conv.error();
  if (conv->rows.size != ir::kWinogradTaps || conv->columns.size != ir::kWinogradTaps)
    return fmt::format("its window is {} × {}, not 3 × 3", conv->rows.size, conv->columns.size);
  if (!conv->moves_by_one()) return "its convolution has strides or dilation";
  if (conv->groups != 1) return fmt::format("its convolution has {} groups", conv->groups);
  if (conv->channels % 4 != 0 || conv->outputs % 4 != 0)
    return fmt::format("channels {} and {} are no whole vectors of 4", conv->channels,
                       conv->outputs);
  if (!pools_whole(*conv, ir::kWinogradTiles.back()))
    return fmt::format("windows of {} × {} of its pool reach over a tile", conv->pool_height,
                       conv->pool_width);
  const WinogradSizes sizes(body, ir::kWinogradTiles.front());
  if (sizes.input_elements(1) + sizes.product_elements(1) > kMostScratch)
    return "a row of its tiles is too large";
  return not_as_picture(body);
}

std::vector<int64_t> Winograd::legal(const ir::Graph& body, size_t key) const {
  const Parts parts(body);
  const Convolution& conv = parts.conv;
  const ir::Layout& weight = parts.weight(body);  // transformed: for one tile, in one block
  if (key == 0) {
    std::vector<int64_t> values(ir::kWinogradTiles.begin(), ir::kWinogradTiles.end());
    std::erase_if(values, [&](int64_t value) {
      return !pools_whole(conv, value) || (weight.winograd != 0 && weight.winograd != value);
    });
    return values;
  }
  const WinogradSizes sizes(body, tile);
  if (key == 1) {
    std::vector<int64_t> values = vector_lanes();
    std::erase_if(values, [&](int64_t value) {
      return conv.channels % value != 0 || conv.outputs % value != 0 ||
             (weight.winograd != 0 && weight.block % value != 0);
    });
    return values;
  }
  if (key == 2) {
    std::vector<int64_t> values = divisors(sizes.tile_rows, sizes.tile_rows);
    std::erase_if(values, [&](int64_t value) {
      return sizes.input_elements(value) + sizes.product_elements(value) > kMostScratch;
    });
    return values;
  }
  if (key == 3) {
    if (weight.winograd != 0) return {weight.block / lanes};
    return divisors(conv.outputs / lanes, kMostAccumulators);
  }
  return up_to(std::min(strip * sizes.columns, kMostAccumulators / vectors));
}

double Winograd::fit(const Candidate& group, int64_t samples) {
  const WinogradSizes sizes(group.body, tile);
  // Points and products of a strip stay in half of L2; weights beyond it are read once for all
  // tiles of the picture.
  const int64_t weights = sizes.points * sizes.channels * sizes.outputs;
  const double streamed = weight_cycles(weights, group.target);
  const std::vector<int64_t> strips = legal(group.body, 2);
  strip = strips.front();
  for (const int64_t longer : strips) {
    const int64_t bytes = 4 * (sizes.input_elements(longer) + sizes.product_elements(longer));
    if (streamed > 0 || 2 * bytes <= group.target.l2_bytes) strip = longer;
  }
  // The tile of registers with the least work.
  const int64_t in_strip = strip * sizes.columns;
  double least = 0;
  for (const int64_t v : divisors(sizes.outputs / lanes, 4)) {
    for (int64_t t = 1; t <= std::min(in_strip, kMostAccumulators / v); ++t) {
      if (!fits_registers(v, t, group.target)) break;
      const auto steps = static_cast<double>(ceil_div(in_strip, t) * (sizes.outputs / lanes / v) *
                                             step_cost(v, t));
      if (least != 0 && steps >= least) continue;
      vectors = v;
      tiles = t;
      least = steps;
    }
  }
  const int64_t strips_of_all = samples * (sizes.tile_rows / strip);
  const int64_t multiplied = ceil_div(in_strip, tiles) * tiles * strips_of_all;
  const auto sums = static_cast<double>(multiplied * weights);
  const auto moved = static_cast<double>(samples * sizes.tile_rows * sizes.columns *
                                         (sizes.channels + sizes.outputs));
  return (sums / kAtOnce + moved * transform_cycles(tile)) / static_cast<double>(lanes) +
         streamed * static_cast<double>(strips_of_all);
}

Choice<Winograd> Winograd::choose(const Candidate& group) {
  const Parts parts(group.body);
  const ir::Node* weight = group.constant[parts.group.weight()];
  if (!weight) return std::string("its weight is known at run time only: nothing transforms it");
  const Convolution& conv = parts.conv;
  Winograd best;
  best.lanes = group.target.lanes(4);
  if (conv.channels % best.lanes != 0 || conv.outputs % best.lanes != 0)
    return fmt::format("channels {} and {} are no whole vectors of {}", conv.channels, conv.outputs,
                       best.lanes);
  const int64_t samples = group.body.value(parts.group.anchor->results[0]).type.shape[0];
  const double direct = direct_cycles(conv, samples, group.target);
  double least = 0;
  for (const int64_t tile : best.legal(group.body, 0)) {
    Winograd next = best;
    next.tile = tile;
    const double cycles = next.fit(group, samples);
    if (least != 0 && cycles >= least) continue;
    best = next;
    least = cycles;
  }
  if (least > kWorth * direct)
    return fmt::format("tiles of {0} × {0} take {1:.2f} of direct, by the model", best.tile,
                       least / direct);
  const double error = probed_error(*weight, best.tile);
  if (!(error <= group.options.max_error))
    return fmt::format("its error is {:.2g} of the largest magnitude, above --max-error {:g}",
                       error, group.options.max_error);
  return {best, fmt::format("{:.2f} of direct by the model; error {}", least / direct,
                            error == 0 ? "unknown of untrained weights"
                                       : fmt::format("{:.2g} of the largest magnitude", error))};
}

std::vector<ir::Layout> Winograd::layouts(const ir::Graph& body) const {
  std::vector<ir::Layout> layouts(body.inputs.size());
  ir::Layout& weight = layouts[Parts(body).group.weight()];
  weight.order = {0, 1, 2, 3};
  weight.block_dim = 0;
  weight.block = lanes * vectors;
  weight.winograd = tile;
  return layouts;
}

int64_t Winograd::scratch(const ir::Graph& body) const {
  const WinogradSizes sizes(body, tile);
  const auto bytes = [](int64_t elements) {
    return elements == 0 ? 0 : round_up(elements * 4 + kPadding, linnet::kAlign);
  };
  // A weight as the model has it is transformed in each call.
  const bool transforms = Parts(body).weight(body).winograd == 0;
  return bytes(sizes.input_elements(strip)) + bytes(sizes.product_elements(strip)) +
         bytes(transforms ? sizes.points * sizes.channels * sizes.outputs : 0);
}

Family winograd_family() {
  return family_of<Winograd>();
}

}  // namespace linnet::passes
