// dense: a weight packed in blocks of outputs is read once, from front to back.
#include "passes/schedule/dense.h"

#include "base/integers.h"
#include "passes/schedule/anchors.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::passes {
namespace {

// Chains of additions side by side: latency times throughput, 8 on every machine so far.
constexpr int64_t kMostChains = 8;

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
  if (product.columns < 2) return std::string("one output fills no vector");
  if (product.inner < 4) return fmt::format("sums of {} products are too short", product.inner);
  Dense best;
  best.lanes = group.target.lanes(4);
  const int64_t most = accumulators(group.target);
  // Rows share the weights they are multiplied with.
  best.rows = std::min<int64_t>(product.rows, 4);
  const int64_t vectors = ceil_div(product.columns, best.lanes);
  const int64_t blocks = ceil_div(vectors, most / best.rows);
  best.vectors = ceil_div(vectors, blocks);
  const int64_t tile = best.vectors * best.rows;
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
