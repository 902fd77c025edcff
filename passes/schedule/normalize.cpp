// normalize: sums and maxima of a row in vectors, then the row's elements.
#include "passes/schedule/normalize.h"

#include "ir/op_def.h"
#include "ir/ops/shared/reduction.h"
#include "passes/schedule/anchors.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::passes {
namespace {

bool is_elementary(const ir::Node& node) {
  return node.op->has(ir::kElementwise) && node.op->slope;
}

// Elements of the last dimension of the kernel's result.
int64_t row(const ir::Graph& body) {
  return body.value(body.outputs.front().value).type.shape.back();
}

// Elements side by side that a vector may hold.
int64_t vector_extent(const ir::Graph& body) {
  const ir::Type& out = body.value(body.outputs.front().value).type;
  return across_rows(body) ? many_dim(out).second : row(body);
}

// Why the family does not compute `node` as a sum or maximum of a row; "" if it does.
std::string obstacle(const ir::Graph& body, const ir::Node& node) {
  if (node.op != &ir::ops::sum && node.op != &ir::ops::mean && node.op != &ir::ops::amax &&
      node.op != &ir::ops::amin)
    return "it has a " + std::string(node.op->name);
  const ir::Type& from = body.value(node.operands.front()).type;
  const std::vector<bool> reduced = *ir::reduced_dims(node.attrs, from.rank());
  if (std::ranges::count(reduced, true) != 1 || !reduced.back())
    return "its " + std::string(node.op->name) + " is over more than rows";
  if (from.shape.back() != row(body)) return "it reduces rows of another length than its result's";
  return "";
}

}  // namespace

std::vector<ir::ValueId> kept_values(const ir::Graph& body) {
  // Values that take an elementary function since the reduction before.
  std::vector<bool> takes(body.values().size(), false);
  std::vector<ir::ValueId> kept;
  for (const ir::Node& node : body.nodes()) {
    if (node.tensor || !node.op->has(ir::kElementwise)) continue;
    const ir::ValueId result = node.results.front();
    const auto at = static_cast<size_t>(result.index);
    takes[at] = is_elementary(node) || std::ranges::any_of(node.operands, [&](ir::ValueId operand) {
                  return takes[static_cast<size_t>(operand.index)];
                });
    if (!takes[at] || body.value(result).type.shape != body.value(body.outputs[0].value).type.shape)
      continue;
    size_t readers = result == body.outputs.front().value ? 1 : 0;
    bool reduced = false;
    for (const ir::Node& user : body.nodes()) {
      if (std::ranges::find(user.operands, result) == user.operands.end()) continue;
      ++readers;
      reduced = reduced || user.op->has(ir::kReduction);
    }
    if (!reduced || readers < 2) continue;
    kept.push_back(result);
    takes[at] = false;
  }
  return kept;
}

bool across_rows(const ir::Graph& body) {
  return row(body) < 4;
}

std::pair<size_t, int64_t> many_dim(const ir::Type& type) {
  // The innermost that fills the widest vector, else the longest.
  std::pair<size_t, int64_t> best = {0, 0};
  for (size_t dim = type.rank() - 1; dim-- > 0;) {
    if (type.shape[dim] > best.second) best = {dim, type.shape[dim]};
    if (best.second >= 16) break;
  }
  return best;
}

std::string Normalize::fits(const ir::Graph& body) {
  if (body.outputs.size() != 1) return "it has several results";
  const ir::Type& out = body.value(body.outputs.front().value).type;
  if (out.rank() == 0 || out.elements() == 0) return "it has no rows";
  if (row(body) < 2) return "its rows have one element";
  if (across_rows(body) && many_dim(out).second < 4)
    return fmt::format("{} rows of {} fill no vector of 4", out.elements() / row(body), row(body));
  size_t reductions = 0;
  for (const ir::Node& node : body.nodes()) {
    if (node.tensor) continue;
    const ir::Type& type = body.value(node.results.front()).type;
    if (type.dtype != ir::DType::kF32)
      return "%" + body.value(node.results.front()).name + " is " + std::string(name(type.dtype)) +
             ", not f32";
    if (node.op->has(ir::kElementwise)) continue;
    if (std::string why = obstacle(body, node); !why.empty()) return why;
    ++reductions;
  }
  if (reductions == 0) return "it has neither sum nor maximum";
  for (const ir::GraphInput& input : body.inputs) {
    const ir::Type& type = body.value(input.value).type;
    if (!type.layout.is_row_major()) return "it reads " + to_string(type) + ", not rows";
  }
  return not_in_rows(body);
}

std::vector<int64_t> Normalize::legal(const ir::Graph& body, size_t key) const {
  if (key == 0) return vector_lanes(vector_extent(body));
  if (across_rows(body)) return {0};
  const std::vector<ir::ValueId> values = kept_values(body);
  const auto count = static_cast<int64_t>(values.size());
  return values.empty() || count * row(body) * 4 > kStackScratch ? std::vector<int64_t>{0}
                                                                 : std::vector<int64_t>{0, 1};
}

Choice<Normalize> Normalize::choose(const Candidate& group) {
  Normalize best;
  best.lanes = group.target.lanes(4);
  while (best.lanes > vector_extent(group.body))
    best.lanes /= 2;
  best.kept = best.legal(group.body, 1).back();
  return best;
}

Family normalize_family() {
  return family_of<Normalize>();
}

}  // namespace linnet::passes
