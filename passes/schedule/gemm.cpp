// gemm{cv, tm}: a matmul of operands that lie as they are wanted: b's columns side by side.
#include "passes/schedule/anchors.h"

#include <algorithm>

namespace linnet::passes {
namespace {

// Rows of b are read in pieces of so many vectors at most: with 8, two in five multiply-adds were
// lost to the cache on Zen 5.
constexpr int64_t kWidest = 4;

}  // namespace

std::optional<ir::Schedule> choose_gemm(const Candidate& group) {
  const auto parts = anchor_group(group.body);
  if (!parts || parts->pool || parts->anchor->op != &ir::ops::matmul) return std::nullopt;
  if (parts->anchor->attrs.get(ir::Key<bool>{"transpose_b"})) return std::nullopt;
  if (!source_dims(*parts, 0) || !parts->through[1].empty()) return std::nullopt;
  const ir::Shape& a = group.body.value(parts->anchor->operands[0]).type.shape;
  const ir::Shape& b = group.body.value(parts->anchor->operands[1]).type.shape;
  if (a.size() != 2 || b.size() != 2) return std::nullopt;
  const int64_t rows = a[0];
  const int64_t columns = b[1];
  int64_t lanes = group.target.lanes(4);
  while (lanes > columns)
    lanes /= 2;
  if (lanes < 4) return std::nullopt;
  // The tile of accumulators whose work, whole tiles counted, is least: a step of k costs its
  // multiply-adds or its loads, of which a core does as many side by side, and at least the latency
  // of one chain.
  ir::Schedule best;
  int64_t best_cost = 0;
  const int64_t most = accumulators(group.target);
  for (int64_t cv = 1; cv <= std::min(kWidest, columns / lanes); ++cv) {
    for (int64_t tm = 1; tm <= std::min(most / cv, rows); ++tm) {
      const int64_t tiles = ((columns + lanes * cv - 1) / (lanes * cv)) * ((rows + tm - 1) / tm);
      const int64_t cost = tiles * (std::max<int64_t>({cv * tm, cv + tm, 8}) * 4 + cv + tm);
      if (best_cost != 0 && cost >= best_cost) continue;
      best = {"gemm", {{"lanes", lanes}, {"cv", cv}, {"tm", tm}}};
      best_cost = cost;
    }
  }
  return best;
}

}  // namespace linnet::passes
