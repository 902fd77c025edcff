// dense{cv, ks, tm}: a matmul with a packed weight, read from front to back.
#include "passes/schedule/anchors.h"

#include <algorithm>

namespace linnet::passes {
namespace {

constexpr ir::Key<bool> kTransposeB{"transpose_b"};

}  // namespace

std::optional<ir::Schedule> choose_dense(const Candidate& group) {
  const auto parts = anchor_group(group.body);
  if (!parts || parts->pool || parts->anchor->op != &ir::ops::matmul) return std::nullopt;
  if (!source_dims(*parts, 0) || !parts->through[1].empty()) return std::nullopt;
  // Any other weight that lies in rows of inputs is copied once for all rows of the input.
  const bool transposed = parts->anchor->attrs.get(kTransposeB);
  if (!group.constant[parts->weight()] && !transposed) return std::nullopt;
  const ir::Shape& input = group.body.value(parts->anchor->operands[0]).type.shape;
  const ir::Shape& weight = group.body.value(parts->anchor->operands[1]).type.shape;
  if (input.size() != 2 || weight.size() != 2) return std::nullopt;
  const int64_t inner = input[1];
  const int64_t outputs = transposed ? weight[0] : weight[1];
  const int64_t lanes = group.target.lanes(4);
  if (outputs < 2 || inner < 4) return std::nullopt;
  const int64_t most = accumulators(group.target);
  // Rows share the weights they are multiplied with.
  const int64_t tm = std::min<int64_t>(input[0], 4);
  const int64_t vectors = (outputs + lanes - 1) / lanes;
  const int64_t blocks = (vectors + most / tm - 1) / (most / tm);
  const int64_t cv = (vectors + blocks - 1) / blocks;
  // Chains of additions side by side: latency times throughput, 8 on every machine so far.
  const int64_t ks = std::clamp<int64_t>(std::min((8 + cv * tm - 1) / (cv * tm), inner / 4), 1, 8);
  return ir::Schedule{"dense", {{"lanes", lanes}, {"cv", cv}, {"ks", ks}, {"tm", tm}}};
}

std::vector<ir::Layout> dense_layouts(const ir::Graph& body, const ir::Schedule& schedule) {
  std::vector<ir::Layout> layouts(body.inputs.size());
  const AnchorGroup parts = *anchor_group(body);
  const int outputs = parts.anchor->attrs.get(kTransposeB) ? 0 : 1;
  // Blocks of outputs, each with all its inputs in a row: Nk64n.
  ir::Layout& weight = layouts[parts.weight()];
  weight.order = {outputs, 1 - outputs};
  weight.block_dim = outputs;
  weight.block = schedule.get("lanes", 1) * schedule.get("cv", 1);
  return layouts;
}

}  // namespace linnet::passes
