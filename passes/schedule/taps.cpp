// taps: vectors along the window's rows, for windows larger than the result.
#include "passes/schedule/taps.h"

#include "passes/schedule/anchors.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::passes {
namespace {

Convolution convolution_of(const ir::Graph& body) {
  return *convolution(body, anchor_group(body));
}

// Bytes of the sums of `channels` of the result.
int64_t sums_bytes(const Convolution& conv, int64_t lanes, int64_t channels) {
  return lanes * channels * conv.out_width * (conv.out_height + 1) * 4;
}

}  // namespace

std::string Taps::fits(const ir::Graph& body) {
  const auto parts = anchor_group(body);
  const auto conv = convolution(body, parts);
  if (!conv) return conv.error();
  if (parts->pool) return "it has a pool";
  if (conv->groups != 1) return "its convolution has groups";
  if (conv->padded()) return "its convolution has padding";
  for (size_t operand : {0, 1}) {
    const auto dims = source_dims(*parts, operand);
    if (!dims || dims->back() != 3) return "its convolution reads an operand that is not in rows";
  }
  if (conv->columns.stride != 1 || conv->columns.dilation != 1)
    return "its convolution has strides or dilation along rows";
  if (conv->columns.size < 4)
    return fmt::format("a row of the window has {} taps and fills no vector of 4",
                       conv->columns.size);
  if (conv->out_width > kMostAccumulators || sums_bytes(*conv, 4, 1) > kStackScratch)
    return fmt::format("rows of {} pixels have more sums than the registers hold", conv->out_width);
  return not_in_rows(body);
}

std::vector<int64_t> Taps::legal(const ir::Graph& body, size_t key) const {
  const Convolution conv = convolution_of(body);
  std::vector<int64_t> values = key == 0
                                    ? vector_lanes(conv.columns.size)
                                    : divisors(conv.outputs, kMostAccumulators / conv.out_width);
  return on_stack(std::move(values), [&](int64_t value) {
    return sums_bytes(conv, key == 0 ? value : lanes, key == 0 ? 1 : value);
  });
}

Choice<Taps> Taps::choose(const Candidate& group) {
  const Convolution conv = convolution_of(group.body);
  Taps best;
  best.lanes = group.target.lanes(4);
  if (conv.columns.size < conv.out_width) {
    return fmt::format("a row of the window has {} taps, less than the result's {} pixels",
                       conv.columns.size, conv.out_width);
  }
  if (std::string why = direct_is_better(conv, best.lanes); !why.empty()) return why;
  // 8 lanes where 16 fit take 1.80x (Zen 5).
  while (best.lanes > conv.columns.size)
    best.lanes /= 2;
  const int64_t room = accumulators(group.target);
  if (conv.out_width > room)
    return fmt::format("rows of {} pixels have more sums than {} registers hold", conv.out_width,
                       room);
  // Channels share the pixels: of 3, the gradient of LeNet conv1's weight, 2 take 1.21x, 1
  // takes 1.99x (Zen 5; with AVX2 1 of 2 takes 1.49x).
  best.channels = divisors(conv.outputs, room / conv.out_width).back();
  const int64_t bytes = sums_bytes(conv, best.lanes, best.channels);
  if (auto why = beyond_stack("its sums have", bytes); !why.empty()) return why;
  TileCost cost{best.channels * conv.out_width};
  cost.along(conv.columns.size, best.lanes);
  return {best, to_string(cost, group.target)};
}

Family taps_family() {
  return family_of<Taps>();
}

}  // namespace linnet::passes
