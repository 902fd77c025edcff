// sums: pieces of a row are chains of their own.
#include "passes/schedule/sums.h"

#include "ir/op_def.h"
#include "ir/ops/shared/reduction.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::passes {
namespace {

// Elements of a sum worth cutting into chains: of generic it takes 0.68x for 7 × 7, 0.85x for 128,
// 0.94x for 32 (0.95x, 0.54x in vectors of 8), Zen 5.
constexpr int64_t kLong = 16;

const ir::Type& summed(const ir::Graph& body) {
  const auto sum = std::ranges::find_if(
      body.nodes(), [](const ir::Node& node) { return node.op->has(ir::kReduction); });
  return body.value(sum->operands.front()).type;
}

}  // namespace

std::string Sums::fits(const ir::Graph& body) {
  const ir::Node* sum = nullptr;
  for (const ir::Node& node : body.nodes()) {
    if (node.tensor || node.op->has(ir::kElementwise)) continue;
    if (node.op != &ir::ops::sum && node.op != &ir::ops::mean)
      return "it has a " + std::string(node.op->name);
    if (sum) return "it has two sums";
    sum = &node;
  }
  if (!sum) return "it has no sum";
  if (body.outputs.size() != 1) return "it has several results";
  const ir::Type& from = body.value(sum->operands.front()).type;
  const ir::Type& to = body.value(sum->results.front()).type;
  const ir::Type& out = body.value(body.outputs.front().value).type;
  if (from.dtype != ir::DType::kF32) return "it sums no f32";
  if (to.elements() == 0 || from.rank() == 0) return "it sums nothing";
  if (out.elements() != to.elements()) return "its sums are read more than once";
  if (!ir::reduced_dims(sum->attrs, from.rank())->back()) return "it sums across rows";
  if (from.shape.back() < 4)
    return fmt::format("rows of {} fill no vector of 4", from.shape.back());
  return "";
}

std::vector<int64_t> Sums::legal(const ir::Graph& body, size_t) const {
  return vector_lanes(summed(body).shape.back());
}

Choice<Sums> Sums::choose(const Candidate& group) {
  const ir::Type& from = summed(group.body);
  const int64_t results = group.body.value(group.body.outputs.front().value).type.elements();
  if (from.elements() / results < kLong)
    return fmt::format("sums of {} are short", from.elements() / results);
  Sums best;
  best.lanes = group.target.lanes(4);
  while (best.lanes > from.shape.back())
    best.lanes /= 2;
  return best;
}

Family sums_family() {
  return family_of<Sums>();
}

}  // namespace linnet::passes
