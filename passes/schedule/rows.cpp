// rows{lanes, ct, ty}: a convolution of few output channels, or the gradient of one's input: a
// vector is a piece of a row of pixels.
#include "passes/schedule/anchors.h"

#include <algorithm>

namespace linnet::passes {
namespace {

int64_t divisor(int64_t of, int64_t most) {
  int64_t best = std::min(of, most);
  while (of % best != 0)
    --best;
  return best;
}

}  // namespace

std::optional<ir::Schedule> choose_rows(const Candidate& group) {
  const auto parts = anchor_group(group.body);
  const auto conv = parts ? convolution(group.body, *parts) : std::nullopt;
  if (!conv || conv->groups != 1 || parts->pool) return std::nullopt;
  // Rows of the input are copied in vectors; weights are read one by one, from anywhere.
  const auto dims = source_dims(*parts, 0);
  if (!dims || dims->back() != 3) return std::nullopt;
  const bool plain = conv->rows.stride == 1 && conv->columns.stride == 1 &&
                     conv->rows.dilation == 1 && conv->columns.dilation == 1;
  if (!plain) return std::nullopt;
  int64_t lanes = group.target.lanes(4);
  if (fills_vectors(conv->outputs, lanes) || conv->columns.size > conv->out_width)
    return std::nullopt;
  while (lanes / 2 >= conv->out_width)
    lanes /= 2;
  if (lanes < 4) return std::nullopt;
  // Channels share the pixels they read, rows of pixels the weights.
  const int64_t room = accumulators(group.target);
  const int64_t ct = divisor(conv->outputs, room);
  const int64_t ty = divisor(conv->out_height, std::clamp<int64_t>(room / ct, 1, 4));
  const int64_t vectors = (conv->out_width + lanes - 1) / lanes;
  const int64_t columns = vectors == 1 ? lanes : conv->out_width;
  const int64_t width = (columns + conv->columns.size + 2) / 4 * 4;  // zeros come by fours
  const bool above = conv->rows.before + conv->rows.after != 0;
  const int64_t height = conv->height + (above ? 2 * (ty - 1) : 0);
  if (conv->channels * height * width * 4 > kStackScratch) return std::nullopt;
  return ir::Schedule{"rows", {{"lanes", lanes}, {"ct", ct}, {"ty", ty}}};
}

}  // namespace linnet::passes
