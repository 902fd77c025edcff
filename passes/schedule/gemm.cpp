// gemm: tiles of rows × vectors of columns in registers, both operands read where they lie.
#include "passes/schedule/gemm.h"

#include "base/integers.h"
#include "passes/schedule/anchors.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::passes {
namespace {

// Rows of b are read in pieces of so many vectors at most: with 8, two in five multiply-adds were
// lost to the cache on Zen 5.
constexpr int64_t kWidest = 4;

}  // namespace

std::string Gemm::fits(const ir::Graph& body) {
  const auto parts = matmul_group(body);
  if (!parts) return parts.error();
  const Product product(body);
  if (product.transposed) return "its right operand lies in rows of inputs";
  if (product.columns < 4) return fmt::format("{} columns fill no vector of 4", product.columns);
  return not_in_rows(body);
}

std::vector<int64_t> Gemm::legal(const ir::Graph& body, size_t key) const {
  const Product product(body);
  if (key == 0) return vector_lanes(product.columns);  // the last tile moves inwards
  if (key == 1) return up_to(std::min(product.columns / lanes, kMostAccumulators));
  return up_to(std::min(product.rows, kMostAccumulators / vectors));
}

Choice<Gemm> Gemm::choose(const Candidate& group) {
  const Product product(group.body);
  const int64_t rows = product.rows;
  const int64_t columns = product.columns;
  Gemm best;
  best.lanes = group.target.lanes(4);
  // The last tile moves inwards, which needs as many columns as lanes.
  while (best.lanes > columns)
    best.lanes /= 2;
  // The tile of accumulators whose work, whole tiles counted, is least. One vector at most
  // takes 1.05x to 1.15x, two 0.98x to 1.02x, Zen 5; with AVX2, 3 × 4, which leaves no register,
  // takes 2.2x of 2 × 6.
  int64_t best_cost = 0;
  for (int64_t v = 1; v <= std::min(kWidest, columns / best.lanes); ++v) {
    for (int64_t r = 1; r <= rows && fits_registers(v, r, group.target); ++r) {
      const int64_t tiles = ceil_div(columns, best.lanes * v) * ceil_div(rows, r);
      const int64_t cost = tiles * step_cost(v, r);
      if (best_cost != 0 && cost >= best_cost) continue;
      best.vectors = v;
      best.rows = r;
      best_cost = cost;
    }
  }
  TileCost cost{best.vectors * best.rows};
  cost.along(columns, best.lanes * best.vectors);
  cost.along(rows, best.rows);
  return {best, fmt::format("{}; the least modelled cost of all tiles, {}",
                            to_string(cost, group.target), best_cost)};
}

Family gemm_family() {
  return family_of<Gemm>();
}

}  // namespace linnet::passes
