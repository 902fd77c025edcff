// pool: channels fill vectors, neighbours of a row share the columns of their windows.
#include "passes/schedule/pool.h"

#include "ir/ops/shared/window.h"
#include "passes/schedule/anchors.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::passes {
namespace {

// Elements of a window that are written out, 7 × 7 and some more: code grows with them.
constexpr int64_t kMostWindow = 64;
// Pixels that share columns: two take 0.90x to 1.00x of one or of 3 to 8 for 3 × 3 maxima of 64 to
// 480 channels at rows of 13 to 112, with stride 2 too; for the mean of 576 channels at 14 × 14 one
// takes 0.84x (Zen 5).
constexpr int64_t kMostPixels = 2;

// The pool of a body that is nothing else, or nullptr.
const ir::Node* only_pool(const ir::Graph& body) {
  const ir::Node* found = nullptr;
  for (const ir::Node& node : body.nodes()) {
    if (found || (node.op != &ir::ops::max_pool2d && node.op != &ir::ops::avg_pool2d))
      return nullptr;
    found = &node;
  }
  return found;
}

struct Sizes {
  ir::Window rows, columns;
  ir::Shape in, out;

  Sizes(const ir::Graph& body, const ir::Node& pool)
      : in(body.value(pool.operands.front()).type.shape),
        out(body.value(pool.results.front()).type.shape) {
    const auto both = *ir::windows(pool.attrs, pool.attrs.get(ir::kKernelSize));
    rows = both.first;
    columns = both.second;
  }
  [[nodiscard]] int64_t channels() const { return in[1]; }
  // Columns of the picture that so many neighbours read.
  [[nodiscard]] int64_t width(int64_t pixels) const {
    return (pixels - 1) * columns.stride + columns.size;
  }
  // The most neighbours, `most` or fewer, that read no more than `room` columns; at least one.
  [[nodiscard]] int64_t pixels_in(int64_t room, int64_t most) const {
    int64_t pixels = 1;
    while (pixels < std::min(most, out[3]) && width(pixels + 1) <= room)
      ++pixels;
    return pixels;
  }
};

}  // namespace

std::string Pool::fits(const ir::Graph& body) {
  const ir::Node* pool = only_pool(body);
  if (!pool) return "it is no pool alone";
  const ir::Type& input = body.value(pool->operands.front()).type;
  if (input.dtype != ir::DType::kF32) return "it pools no f32";
  const Sizes sizes(body, *pool);
  if (sizes.channels() < 4) return fmt::format("channels {} fill no vector of 4", sizes.channels());
  if (sizes.rows.dilation != 1 || sizes.columns.dilation != 1) return "its windows have gaps";
  const int64_t window = sizes.rows.size * sizes.columns.size;
  if (window > kMostWindow || sizes.columns.size > kMostAccumulators)
    return fmt::format("windows of {} elements are too large to be written out", window);
  return not_as_picture(body);
}

std::vector<int64_t> Pool::legal(const ir::Graph& body, size_t key) const {
  const Sizes sizes(body, *only_pool(body));
  if (key == 0) return vector_lanes(sizes.channels());  // the last vector moves inwards
  return up_to(sizes.pixels_in(kMostAccumulators, kMostAccumulators));
}

Choice<Pool> Pool::choose(const Candidate& group) {
  const Sizes sizes(group.body, *only_pool(group.body));
  Pool best;
  best.lanes = group.target.lanes(4);
  while (best.lanes > sizes.channels())
    best.lanes /= 2;
  const int64_t most = sizes.pixels_in(accumulators(group.target), kMostPixels);
  best.pixels = row_tile(sizes.out[3], most);
  return {best,
          fmt::format("{} neighbours read {} columns", best.pixels, sizes.width(best.pixels))};
}

Family pool_family() {
  return family_of<Pool>();
}

}  // namespace linnet::passes
