// pooled_rows: vectors of pooled pixels, for few channels.
#include "passes/schedule/pooled_rows.h"

#include "base/integers.h"
#include "passes/schedule/anchors.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::passes {
namespace {

// Bytes of the padded input by phase, of one sample: whole vectors of pooled columns, and those
// that the window reaches behind them.
int64_t phases_bytes(const Convolution& conv, int64_t lanes) {
  const auto whole = [lanes](int64_t n) { return round_up(n, lanes); };
  const int64_t reach = ceil_div(conv.columns.size - 1, conv.pool_width);
  const int64_t rows = conv.height + conv.rows.before + conv.rows.after;
  return conv.channels * rows * conv.pool_width * whole(whole(conv.result_width()) + reach) * 4;
}

Convolution convolution_of(const ir::Graph& body) {
  return *convolution(body, plain_anchor_group(body));
}

}  // namespace

std::string PooledRows::fits(const ir::Graph& body) {
  const auto parts = plain_anchor_group(body);
  const auto conv = convolution(body, parts);
  if (!conv) return conv.error();
  if (!parts->pool) return "it has no pool";
  if (conv->groups != 1) return "its convolution has groups";
  if (!conv->moves_by_one()) return "its convolution has strides or dilation";
  if (auto why = beyond_stack("its padded picture has", phases_bytes(*conv, 4)); !why.empty())
    return why;
  return not_in_rows(body);
}

std::vector<int64_t> PooledRows::legal(const ir::Graph& body, size_t key) const {
  const Convolution conv = convolution_of(body);
  if (key == 1) return divisors(conv.outputs, kMostAccumulators / conv.window());
  return on_stack(vector_lanes(), [&](int64_t n) { return phases_bytes(conv, n); });
}

Choice<PooledRows> PooledRows::choose(const Candidate& group) {
  const Convolution conv = convolution_of(group.body);
  PooledRows best;
  best.lanes = group.target.lanes(4);
  if (std::string why = direct_is_better(conv, best.lanes); !why.empty()) return why;
  if (phases_bytes(conv, best.lanes) > kStackScratch) {
    return fmt::format(
        "its padded picture has {} bytes in vectors of {}, of which the stack takes {}",
        phases_bytes(conv, best.lanes), best.lanes, kStackScratch);
  }
  if (conv.window() > accumulators(group.target)) return no_room(conv, group.target);
  const int64_t room = std::max<int64_t>(group.target.vector_registers / 2 / conv.window(), 1);
  // Channels that share the pixels they read: half the registers for accumulators, the rest for the
  // pixels that taps have in common. LeNet conv1, Zen 5: 3 of 6 channels take 0.95x of all 6, one
  // takes 1.30x; with AVX2 2 channels take 0.83x of 3.
  best.channels = divisors(conv.outputs, room).back();
  TileCost cost{best.channels * conv.window()};
  cost.along(conv.result_width(), best.lanes);
  return {best, to_string(cost, group.target)};
}

Family pooled_rows_family() {
  return family_of<PooledRows>();
}

}  // namespace linnet::passes
