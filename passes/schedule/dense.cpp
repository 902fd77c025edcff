// dense: a weight packed in blocks of outputs is read once, from front to back.
#include "passes/schedule/dense.h"

#include "base/integers.h"
#include "passes/schedule/anchors.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::passes {
namespace {

constexpr ir::Key<bool> kTransposeB{"transpose_b"};

struct Sizes {
  int64_t rows = 0, inner = 0, outputs = 0;
  bool transposed = false;  // the weight lies in rows of inputs

  Sizes(const ir::Graph& body, const ir::Node& matmul) {
    const ir::Shape& input = body.value(matmul.operands[0]).type.shape;
    const ir::Shape& weight = body.value(matmul.operands[1]).type.shape;
    transposed = matmul.attrs.get(kTransposeB);
    rows = input[0];
    inner = input[1];
    outputs = transposed ? weight[0] : weight[1];
  }
};

// Chains of additions side by side: latency times throughput, 8 on every machine so far.
constexpr int64_t kMostChains = 8;

}  // namespace

std::string Dense::fits(const ir::Graph& body) {
  const auto parts = matmul_group(body);
  return parts ? not_in_rows(body) : parts.error();
}

std::vector<int64_t> Dense::legal(const ir::Graph& body, size_t key) const {
  const Sizes sizes(body, *matmul_group(body)->anchor);
  if (key == 0) return vector_lanes();
  if (key == 1) return up_to(std::min(ceil_div(sizes.outputs, lanes), kMostAccumulators));
  if (key == 2) return up_to(std::min({sizes.inner, kMostChains, kMostAccumulators / vectors}));
  return up_to(std::min(sizes.rows, kMostAccumulators / (vectors * chains)));
}

Choice<Dense> Dense::choose(const Candidate& group) {
  const AnchorGroup parts = *matmul_group(group.body);
  const Sizes sizes(group.body, *parts.anchor);
  // Any other weight that lies in rows of inputs is copied once for all rows of the input.
  if (!group.constant[parts.weight()] && !sizes.transposed)
    return std::string("its weight is no constant and lies in rows of outputs: gemm reads it so");
  if (sizes.outputs < 2) return std::string("one output fills no vector");
  if (sizes.inner < 4) return fmt::format("sums of {} products are too short", sizes.inner);
  Dense best;
  best.lanes = group.target.lanes(4);
  const int64_t most = accumulators(group.target);
  // Rows share the weights they are multiplied with.
  best.rows = std::min<int64_t>(sizes.rows, 4);
  const int64_t vectors = ceil_div(sizes.outputs, best.lanes);
  const int64_t blocks = ceil_div(vectors, most / best.rows);
  best.vectors = ceil_div(vectors, blocks);
  const int64_t tile = best.vectors * best.rows;
  best.chains =
      std::clamp<int64_t>(std::min(ceil_div(kMostChains, tile), sizes.inner / 4), 1, kMostChains);
  TileCost cost{tile * best.chains};
  cost.along(sizes.outputs, best.lanes * best.vectors);
  cost.along(sizes.rows, best.rows);
  return {best, to_string(cost, group.target)};
}

std::vector<ir::Layout> Dense::layouts(const ir::Graph& body) const {
  std::vector<ir::Layout> layouts(body.inputs.size());
  const AnchorGroup parts = *matmul_group(body);
  const int outputs = parts.anchor->attrs.get(kTransposeB) ? 0 : 1;
  // Blocks of outputs, each with all its inputs in a row: Nk64n.
  ir::Layout& weight = layouts[parts.weight()];
  weight.order = {outputs, 1 - outputs};
  weight.block_dim = outputs;
  weight.block = lanes * vectors;
  return layouts;
}

Family dense_family() {
  return family_of<Dense>();
}

}  // namespace linnet::passes
