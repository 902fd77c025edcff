#include "passes/schedule/anchors.h"

#include "ir/ops/transpose.h"

#include <algorithm>

namespace linnet::passes {

std::optional<AnchorGroup> anchor_group(const ir::Graph& body) {
  AnchorGroup group;
  for (const ir::Node& node : body.nodes()) {
    if (node.tensor) continue;
    if (!group.anchor && node.op->has(ir::kDataMovement)) continue;
    if (body.value(node.results.front()).type.dtype != ir::DType::kF32) return std::nullopt;
    if (node.op->has(ir::kAnchor)) {
      if (group.anchor) return std::nullopt;
      group.anchor = &node;
    } else if (node.op->has(ir::kPool)) {
      if (group.pool) return std::nullopt;
      group.pool = &node;
    } else if (!node.op->has(ir::kElementwise)) {
      return std::nullopt;
    }
  }
  if (!group.anchor || body.outputs.size() != 1) return std::nullopt;
  for (size_t i = 0; i < 2; ++i) {
    ir::ValueId operand = group.anchor->operands[i];
    group.rank[i] = body.value(operand).type.rank();
    while (const ir::Node* node = body.producer(operand)) {
      if (!node->op->has(ir::kDataMovement) || node->operands.size() != 1) return std::nullopt;
      group.through[i].push_back(node);
      operand = node->operands.front();
    }
    const auto at = std::ranges::find(body.inputs, operand, &ir::GraphInput::value);
    group.source[i] = static_cast<size_t>(at - body.inputs.begin());
  }
  return group;
}

std::optional<AnchorGroup> plain_anchor_group(const ir::Graph& body) {
  auto group = anchor_group(body);
  if (group && !(group->through[0].empty() && group->through[1].empty())) return std::nullopt;
  return group;
}

std::optional<std::vector<int>> source_dims(const AnchorGroup& group, size_t operand) {
  std::vector<int> dims;
  for (size_t i = 0; i < group.rank[operand]; ++i)
    dims.push_back(static_cast<int>(i));
  for (const ir::Node* node : group.through[operand]) {
    if (node->op != &ir::ops::transpose) return std::nullopt;
    const ir::Ints order = ir::permutation(node->attrs, dims.size());
    for (int& dim : dims)
      dim = static_cast<int>(order[static_cast<size_t>(dim)]);
  }
  return dims;
}

int64_t Convolution::padded_bytes() const {
  return channels * (height + rows.before + rows.after) *
         (width + columns.before + columns.after + 64) * 4;
}

int64_t row_tile(int64_t width, int64_t most) {
  int64_t best = 1;
  int64_t best_waste = width * 64;
  for (int64_t tile = 1; tile <= std::min(most, width); ++tile) {
    const int64_t tiles = (width + tile - 1) / tile;
    const int64_t waste = (tiles * tile - width) * 4 + tiles;  // a tile costs its weights' loads
    if (waste <= best_waste) {
      best = tile;
      best_waste = waste;
    }
  }
  return best;
}

std::optional<Convolution> convolution(const ir::Graph& body, const AnchorGroup& group) {
  if (group.anchor->op != &ir::ops::conv2d) return std::nullopt;
  const ir::Shape& input = body.value(group.anchor->operands[0]).type.shape;
  const ir::Shape& weight = body.value(group.anchor->operands[1]).type.shape;
  const ir::Shape& result = body.value(group.anchor->results[0]).type.shape;
  Convolution c;
  c.groups = group.anchor->attrs.get(ir::Key<int64_t>{"groups"});
  c.channels = weight[1];
  c.outputs = weight[0] / c.groups;
  c.height = input[2];
  c.width = input[3];
  const auto both = *ir::windows(group.anchor->attrs, {weight[2], weight[3]});
  c.rows = both.first;
  c.columns = both.second;
  c.out_height = result[2];
  c.out_width = result[3];
  if (!group.pool) return c;
  const auto pool = *ir::windows(group.pool->attrs, group.pool->attrs.get(ir::kKernelSize));
  for (const ir::Window& w : {pool.first, pool.second}) {
    if (w.stride != w.size || w.dilation != 1 || w.before + w.after != 0) return std::nullopt;
  }
  const ir::Shape& pooled = body.value(group.pool->results[0]).type.shape;
  if (pooled[2] * pool.first.size > c.out_height || pooled[3] * pool.second.size > c.out_width)
    return std::nullopt;  // ceil_mode
  c.pool_height = pool.first.size;
  c.pool_width = pool.second.size;
  return c;
}

}  // namespace linnet::passes
