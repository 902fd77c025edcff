// pixel_rows: vectors of neighbours in rows of pixels, for few output channels.
#include "passes/schedule/pixel_rows.h"

#include "base/integers.h"
#include "passes/schedule/anchors.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::passes {
namespace {

constexpr int64_t kMostRows = 2;
constexpr int64_t kMostRowsInPlace = 8;  // there a chain of sums for each row and channel

Convolution convolution_of(const ir::Graph& body) {
  return *convolution(body, anchor_group(body));
}

// Without padding nothing need be copied; a picture that the stack has room for is, as its rows are
// then read for all taps.
bool needs_no_copy(const Convolution& conv) {
  return !conv.padded() && conv.channels * conv.height * conv.width * 4 > kStackScratch;
}

bool reads_in_place(const Convolution& conv, int64_t lanes) {
  return needs_no_copy(conv) && lanes <= conv.out_width;  // the last vector moves inwards
}

// Bytes of the copy: of the input of one sample with zeros around its rows, and above and below
// them as many rows as `rows` of the result read beside the picture.
int64_t padded_bytes(const Convolution& conv, int64_t lanes, int64_t rows) {
  if (reads_in_place(conv, lanes)) return 0;
  const int64_t vectors = ceil_div(conv.out_width, lanes);
  const int64_t columns = vectors == 1 ? lanes : conv.out_width;
  const int64_t width = round_up(columns + conv.columns.size - 1, 4);  // zeros come by fours
  const bool above = conv.rows.before + conv.rows.after != 0;
  const int64_t height = conv.height + (above ? 2 * (rows - 1) : 0);
  return conv.channels * height * width * 4;
}

}  // namespace

std::string PixelRows::fits(const ir::Graph& body) {
  const auto parts = anchor_group(body);
  const auto conv = convolution(body, parts);
  if (!conv) return conv.error();
  if (parts->pool) return "it has a pool";
  if (conv->groups != 1) return "its convolution has groups";
  if (!conv->moves_by_one()) return "its convolution has strides or dilation";
  // Rows of the input are copied in vectors; weights are read one by one, from anywhere.
  const auto dims = source_dims(*parts, 0);
  if (!dims || dims->back() != 3) return "its convolution reads a picture that is not in rows";
  if (auto why = beyond_stack("its padded picture has", padded_bytes(*conv, 4, 1)); !why.empty())
    return why;
  return not_in_rows(body);
}

std::vector<int64_t> PixelRows::legal(const ir::Graph& body, size_t key) const {
  const Convolution conv = convolution_of(body);
  std::vector<int64_t> values = key == 0 ? vector_lanes()
                                : key == 1
                                    ? divisors(conv.outputs, kMostAccumulators)
                                    : divisors(conv.out_height, kMostAccumulators / channels);
  if (key == 1) return values;
  return on_stack(std::move(values), [&](int64_t value) {
    return padded_bytes(conv, key == 0 ? value : lanes, key == 0 ? 1 : value);
  });
}

Choice<PixelRows> PixelRows::choose(const Candidate& group) {
  const Convolution conv = convolution_of(group.body);
  PixelRows best;
  best.lanes = group.target.lanes(4);
  if (std::string why = direct_is_better(conv, best.lanes); !why.empty()) return why;
  // A copy of the picture with channels innermost for dots, or none: 64 channels at 64 × 64 to 1
  // take 0.20x of the copy and dots in place, to 4 channels 0.19x; 256 channels at 4 × 5, rows of
  // which fill no vector, would take 1.5x (Zen 5).
  if (needs_no_copy(conv)) {
    if (!group.laid_out)
      return std::string("what stores its picture may yet store it with channels innermost");
    if (conv.out_width < best.lanes)
      return fmt::format("rows of {} pixels fill no vector of {}", conv.out_width, best.lanes);
  }
  if (conv.columns.size > conv.out_width) {
    return fmt::format("a row of the window has {} taps, of the result only {} pixels",
                       conv.columns.size, conv.out_width);
  }
  // Half a vector for a row it covers: no figure, a row of 8 in 16 lanes computes twice as much.
  while (best.lanes / 2 >= conv.out_width)
    best.lanes /= 2;
  if (best.lanes < 4) return fmt::format("rows of {} pixels fill no vector of 4", conv.out_width);
  // Channels share the pixels they read, rows of pixels the weights. All six channels of LeNet's
  // conv1: one takes 1.98x, two 1.16x, three 1.01x of the call at batch 1 (Zen 5). Two rows: one
  // takes 1.26x, four 1.02x, and 1.75x where 3 × 3 taps of four channels leave no register.
  const int64_t room = accumulators(group.target);
  best.channels = divisors(conv.outputs, room).back();
  const int64_t most = needs_no_copy(conv) ? kMostRowsInPlace : kMostRows;
  best.rows = divisors(conv.out_height, std::clamp<int64_t>(room / best.channels, 1, most)).back();
  const int64_t bytes = padded_bytes(conv, best.lanes, best.rows);
  if (auto why = beyond_stack("its padded picture has", bytes); !why.empty()) return why;
  TileCost cost{best.channels * best.rows};
  cost.along(conv.out_width, best.lanes);
  return {best, to_string(cost, group.target)};
}

bool PixelRows::in_place(const ir::Graph& body) const {
  return reads_in_place(convolution_of(body), lanes);
}

Family pixel_rows_family() {
  return family_of<PixelRows>();
}

}  // namespace linnet::passes
