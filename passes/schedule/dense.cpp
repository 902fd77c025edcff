// dense: a weight packed in blocks of outputs is read once, from front to back.
#include "passes/schedule/dense.h"

#include "base/integers.h"
#include "passes/schedule/anchors.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::passes {
namespace {

// Chains of additions side by side: latency times throughput, 8 on every machine so far. LeNet fc3,
// 84 → 10 (Zen 5): 4 chains take 1.00x, 2 take 1.11x, one takes 2.43x, 12 take 1.00x.
constexpr int64_t kMostChains = 8;
// Rows of a tile: each more reads the weights less often. 64 rows of 784 → 1000, whose weights lie
// beyond L2 (Zen 5): 4 take 1.28x of 8, 2 take 2.5x, 12 take 1.1x; of 256 in L2 4 take 1.05x.
constexpr int64_t kMostRows = 8;

// Vectors and rows of a tile. One row waits for its weights: the fewest blocks, all of one size;
// with AVX2 blocks of 4 vectors take 1.39x of 8 for 400 → 120, 1.37x for 256 → 128; with AVX-512
// 1.00x (Zen 5). More rows: the least work as in gemm, where a vector of weights comes from further
// away than a value. 3 × 4 with AVX2, which leaves no register, takes 2.0x of 2 × 6.
void set_tile(Dense& best, const Product& product, const TargetInfo& target) {
  const int64_t vectors = ceil_div(product.columns, best.lanes);
  if (product.rows == 1) {
    best.rows = 1;
    best.vectors = ceil_div(vectors, ceil_div(vectors, accumulators(target)));
    return;
  }
  int64_t best_cost = 0;
  for (int64_t v = 1; v <= vectors; ++v) {
    for (int64_t r = 1; r <= std::min(kMostRows, product.rows); ++r) {
      if (!fits_registers(v, r, target)) break;
      const int64_t tiles = ceil_div(vectors, v) * ceil_div(product.rows, r);
      const int64_t cost = tiles * (step_cost(v, r) + 2 * v);
      if (best_cost != 0 && cost >= best_cost) continue;
      best.vectors = v;
      best.rows = r;
      best_cost = cost;
    }
  }
}

}  // namespace

std::string Dense::fits(const ir::Graph& body) {
  const auto parts = matmul_group(body);
  return parts ? not_in_rows(body) : parts.error();
}

std::vector<int64_t> Dense::legal(const ir::Graph& body, size_t key) const {
  const Product product(body);
  if (key == 0) return vector_lanes();
  if (key == 1) return up_to(std::min(ceil_div(product.columns, lanes), kMostAccumulators));
  if (key == 2) return up_to(std::min({product.inner, kMostChains, kMostAccumulators / vectors}));
  return up_to(std::min(product.rows, kMostAccumulators / (vectors * chains)));
}

Choice<Dense> Dense::choose(const Candidate& group) {
  const Product product(group.body);
  // Any other weight that lies in rows of inputs is copied once for all rows of the input.
  if (!group.constant[product.group.weight()] && !product.transposed)
    return std::string("its weight is no constant and lies in rows of outputs: gemm reads it so");
  // Not measured: AR(4), 30 ns with its call, is one output.
  if (product.columns < 2) return std::string("one output fills no vector");
  // So few are gemm's: the same time, 1.00x for 64 rows of 3 → 96 and 0.96x with AVX2 (Zen 5),
  // without a packed copy of the weight.
  if (product.inner < 4) return fmt::format("sums of {} products are too short", product.inner);
  Dense best;
  best.lanes = group.target.lanes(4);
  set_tile(best, product, group.target);
  const int64_t tile = best.vectors * best.rows;
  // A chain of one product is no chain: at least four. One product takes 0.84x for 10 → 10, eight
  // take 1.51x (4 ns, Zen 5).
  best.chains =
      std::clamp<int64_t>(std::min(ceil_div(kMostChains, tile), product.inner / 4), 1, kMostChains);
  TileCost cost{tile * best.chains};
  cost.along(product.columns, best.lanes * best.vectors);
  cost.along(product.rows, best.rows);
  return {best, to_string(cost, group.target)};
}

std::vector<ir::Layout> Dense::layouts(const ir::Graph& body) const {
  std::vector<ir::Layout> layouts(body.inputs.size());
  const Product product(body);
  ir::Layout& weight = layouts[product.group.weight()];
  // Blocks of outputs, each with all its inputs in a row: Nk64n.
  const int rank = static_cast<int>(product.group.rank[1]);
  const int outputs = rank - (product.transposed ? 2 : 1);
  for (int dim = 0; dim < rank - 2; ++dim)
    weight.order.push_back(dim);
  weight.order.push_back(outputs);
  weight.order.push_back(2 * rank - 3 - outputs);
  weight.block_dim = outputs;
  weight.block = lanes * vectors;
  return layouts;
}

Family dense_family() {
  return family_of<Dense>();
}

}  // namespace linnet::passes
