// concat: a loop for each piece.
#include "passes/schedule/concat.h"

#include "ir/op_def.h"

#include <algorithm>

namespace linnet::passes {

std::string Concat::fits(const ir::Graph& body) {
  const ir::Node* concat = nullptr;
  for (const ir::Node& node : body.nodes()) {
    if (node.tensor || node.op->has(ir::kElementwise)) continue;
    if (node.op == &ir::ops::concat) {
      if (concat) return "it has two concats";
      concat = &node;
    } else if (!node.op->has(ir::kDataMovement)) {
      return "it has a " + std::string(node.op->name);
    } else if (concat) {  // where what follows keeps its shape, the pieces are pieces of the result
      return std::string(node.op->name) + " follows its concat";
    }
  }
  if (!concat) return "it has no concat";
  if (body.outputs.size() != 1) return "it has several results";
  const ir::Type& out = body.value(body.outputs.front().value).type;
  if (out.shape != body.value(concat->results.front()).type.shape)
    return "what follows its concat has another shape";
  if (out.layout.block_dim >= 0) return "its result lies " + to_string(out) + ", in blocks";
  return "";
}

std::vector<int64_t> Concat::legal(const ir::Graph&, size_t) const {
  return {1, 2, 4, 8, 16, 32, 64};
}

Choice<Concat> Concat::choose(const Candidate& group) {
  const ir::Type& out = group.body.value(group.body.outputs.front().value).type;
  // Pieces of 10 and 20 columns take 0.78x of what they take in vectors of one register, 0.85x with
  // AVX2: what a piece has at its end needs no loop of its own (Zen 5). 14 × 14 pictures: 1.00x.
  return Concat{std::min<int64_t>(128 / ir::size_of(out.dtype), 64)};
}

Family concat_family() {
  return family_of<Concat>();
}

}  // namespace linnet::passes
