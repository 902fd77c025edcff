// What the families ask of a group: its convolution or matmul, and what surrounds it.
#include "passes/schedule/anchors.h"

#include "base/integers.h"
#include "ir/ops/transpose.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::passes {

namespace {

// Is the value computed from the anchor element by element: does it have the anchor's shape, or
// behind the pool the pool's, up to the result?
std::string tail_obstacle(const ir::Graph& body, const AnchorGroup& group) {
  std::vector<bool> depends(body.values().size(), false);
  const auto mark = [&](ir::ValueId id) { depends[static_cast<size_t>(id.index)] = true; };
  const auto marked = [&](ir::ValueId id) { return id && depends[static_cast<size_t>(id.index)]; };
  mark(group.anchor->results.front());
  const ir::Shape* shape = &body.value(group.anchor->results.front()).type.shape;
  for (const ir::Node& node : body.nodes()) {
    if (&node == group.anchor || !std::ranges::any_of(node.operands, marked)) continue;
    const ir::Value& result = body.value(node.results.front());
    if (&node == group.pool) shape = &result.type.shape;
    if (!node.op->has(ir::kElementwise) && &node != group.pool)
      return std::string(node.op->name) + " follows its " + std::string(group.anchor->op->name);
    if (result.type.shape != *shape) return "%" + result.name + " has another shape";
    mark(node.results.front());
  }
  if (group.pool && !marked(group.pool->results.front())) return "its pool reads something else";
  const ir::ValueId output = body.outputs.front().value;
  if (!marked(output) || body.value(output).type.shape != *shape)
    return "its result is not made of its " + std::string(group.anchor->op->name);
  return "";
}

// A weight stored in half: f32 from where it is read on.
bool widens(const ir::Graph& body, const ir::Node& node) {
  if (node.op != &ir::ops::cast) return false;
  const ir::DType from = body.value(node.operands.front()).type.dtype;
  return (from == ir::DType::kBF16 || from == ir::DType::kF16) &&
         body.value(node.results.front()).type.dtype == ir::DType::kF32;
}

std::string layout_text(const ir::Type& type) {
  return "its result lies " + to_string(type) + ", which it cannot store";
}

}  // namespace

Found<AnchorGroup> anchor_group(const ir::Graph& body) {
  const auto no = [](std::string why) { return tl::unexpected(std::move(why)); };
  AnchorGroup group;
  for (const ir::Node& node : body.nodes()) {
    if (node.tensor) continue;
    if (!group.anchor && (node.op->has(ir::kDataMovement) || widens(body, node))) continue;
    const ir::Value& result = body.value(node.results.front());
    if (result.type.dtype != ir::DType::kF32)
      return no("%" + result.name + " is " + std::string(name(result.type.dtype)) + ", not f32");
    if (node.op->has(ir::kAnchor)) {
      if (group.anchor) return no("it has two convolutions or matmuls");
      group.anchor = &node;
    } else if (node.op->has(ir::kPool)) {
      if (group.pool) return no("it has two pools");
      group.pool = &node;
    } else if (!node.op->has(ir::kElementwise)) {
      return no("it has a " + std::string(node.op->name));
    }
  }
  if (!group.anchor) return no("it has no convolution or matmul");
  if (body.outputs.size() != 1) return no("it has several results");
  for (size_t i = 0; i < 2; ++i) {
    ir::ValueId operand = group.anchor->operands[i];
    group.rank[i] = body.value(operand).type.rank();
    while (const ir::Node* node = body.producer(operand)) {
      if (i == 1 && widens(body, *node)) {
        operand = node->operands.front();
        continue;
      }
      if (!node->op->has(ir::kDataMovement) || node->operands.size() != 1)
        return no("its " + std::string(group.anchor->op->name) + " reads what it computes");
      group.through[i].push_back(node);
      operand = node->operands.front();
    }
    const auto at = std::ranges::find(body.inputs, operand, &ir::GraphInput::value);
    group.source[i] = static_cast<size_t>(at - body.inputs.begin());
  }
  if (std::string why = tail_obstacle(body, group); !why.empty()) return no(std::move(why));
  return group;
}

Found<AnchorGroup> plain_anchor_group(const ir::Graph& body) {
  auto group = anchor_group(body);
  if (group && !(group->through[0].empty() && group->through[1].empty()))
    return tl::unexpected("its " + std::string(group->anchor->op->name) +
                          " reads an operand through data movement");
  return group;
}

Found<AnchorGroup> matmul_group(const ir::Graph& body) {
  const auto no = [](const char* why) { return tl::unexpected(std::string(why)); };
  auto group = anchor_group(body);
  if (!group) return group;
  if (group->anchor->op != &ir::ops::matmul) return no("it is no matmul");
  if (group->pool) return no("it has a pool");
  if (!source_dims(*group, 0)) return no("its left operand is read through more than transposes");
  if (!group->through[1].empty()) return no("its right operand is read through data movement");
  return group;
}

Product::Product(const ir::Graph& body) : group(*matmul_group(body)) {
  const ir::Node& matmul = *group.anchor;
  const ir::Shape& left = body.value(matmul.operands[0]).type.shape;
  const ir::Shape& right = body.value(matmul.operands[1]).type.shape;
  transposed = matmul.attrs.get(ir::Key<bool>{"transpose_b"});
  rows = left[left.size() - 2];
  inner = left.back();
  columns = right[right.size() - (transposed ? 2 : 1)];
}

std::string not_in_rows(const ir::Graph& body) {
  const ir::Type& type = body.value(body.outputs.front().value).type;
  return type.layout.without_halo().is_row_major() ? "" : layout_text(type);
}

std::string not_as_picture(const ir::Graph& body) {
  const ir::Type& type = body.value(body.outputs.front().value).type;
  ir::Layout channels_last;
  channels_last.order = kChannelsLast;
  const ir::Layout layout = type.layout.without_halo();
  return layout.is_row_major() || layout == channels_last ? "" : layout_text(type);
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

std::string no_room(const Convolution& conv, const TargetInfo& target) {
  return fmt::format("a window of its pool has {} pixels, more than the {} accumulators",
                     conv.window(), accumulators(target));
}

std::vector<int64_t> on_stack(std::vector<int64_t> values,
                              const std::function<int64_t(int64_t)>& bytes) {
  std::erase_if(values, [&](int64_t value) { return bytes(value) > kStackScratch; });
  return values;
}

std::string beyond_stack(std::string_view what, int64_t bytes) {
  if (bytes <= kStackScratch) return "";
  return fmt::format("{} {} bytes, of which the stack takes {}", what, bytes, kStackScratch);
}

std::string direct_is_better(const Convolution& conv, int64_t lanes) {
  // At least half a vector, and more than a few lanes: 16 channels at 28 × 28 take 0.21x of generic
  // for 8 outputs, 0.26x for 12 (Zen 5), but those of 4 outputs with their pool 1.8x of pixel_rows
  // and a pool apart (AVX2).
  if (2 * conv.outputs < lanes || conv.outputs < 8) return "";
  return fmt::format("output channels {} fill half a vector of {}: direct is better", conv.outputs,
                     lanes);
}

bool fits_registers(int64_t vectors, int64_t values, const TargetInfo& target) {
  if (vectors * values > accumulators(target)) return false;
  // With AVX2 3 × 4 and 4 × 3, which fill 16 registers and more, take 1.3x to 2.2x of 2 × 6 and 4 ×
  // 2 (Zen 5): accumulators go through memory.
  const int64_t held = values > 1 ? vectors : 0;  // read once, a vector is an operand in memory
  const int64_t product = target.fma ? 0 : 1;
  return vectors * values + held + 1 + product < target.vector_registers;
}

// Multiply-adds or loads, of which a core does as many side by side, and at least the latency of
// the sum, 4 cycles of two: 8, but tiles of 8 accumulators take 1.11x of 12 and more for each
// multiply-add (3 × 3, 32 → 64, Zen 5, vectors of 8 and of 16), tiles of 9 take 1.02x: 9.
// A vector weighs two values: 4 × 3 takes 1.15x of 2 × 9, which it else beats (3 × 3, 32 → 64).
int64_t step_cost(int64_t vectors, int64_t values) {
  return std::max<int64_t>({vectors * values, vectors + values, 9}) * 4 + 2 * vectors + values;
}

int64_t Convolution::padded_bytes() const {
  // What a row may be longer by: it is copied by pieces of up to four vectors of 16
  // (codegen/lower/kernels/shared/padded_input.cpp).
  constexpr int64_t kPiece = 4 * 16;
  return channels * (height + rows.before + rows.after) *
         (width + columns.before + columns.after + kPiece) * 4;
}

int64_t row_tile(int64_t width, int64_t most) {
  int64_t best = 1;
  int64_t best_waste = width * 64;
  for (int64_t tile = 1; tile <= std::min(most, width); ++tile) {
    const int64_t tiles = ceil_div(width, tile);
    // A pixel too many weighs four tiles, whose loads of weights it is: at 0 or 16 to 1
    // convolutions of rows of 26 take 1.8x (Zen 5).
    const int64_t waste = (tiles * tile - width) * 4 + tiles;
    if (waste <= best_waste) {
      best = tile;
      best_waste = waste;
    }
  }
  return best;
}

namespace {

bool has_zeros_for(const ir::Layout& picture, const Convolution& conv) {
  return picture.halo[0] >= conv.rows.before && picture.halo[1] >= conv.columns.before &&
         picture.halo[2] >= conv.rows.after && picture.halo[3] >= conv.columns.after;
}

}  // namespace

Found<Convolution> convolution(const ir::Graph& body, const Found<AnchorGroup>& group) {
  return group ? convolution(body, *group) : tl::unexpected(group.error());
}

Found<Convolution> convolution(const ir::Graph& body, const AnchorGroup& group) {
  const auto no = [](std::string why) { return tl::unexpected(std::move(why)); };
  if (group.anchor->op != &ir::ops::conv2d) return no("it is no convolution");
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
  c.zeros_stored =
      c.padded() && has_zeros_for(body.value(group.anchor->operands[0]).type.layout, c);
  if (!group.pool) return c;
  const auto pool = *ir::windows(group.pool->attrs, group.pool->attrs.get(ir::kKernelSize));
  for (const ir::Window& w : {pool.first, pool.second}) {
    if (w.stride != w.size || w.dilation != 1 || w.before + w.after != 0)
      return no("the windows of its pool overlap, have gaps or padding");
  }
  const ir::Shape& pooled = body.value(group.pool->results[0]).type.shape;
  if (pooled[2] * pool.first.size > c.out_height || pooled[3] * pool.second.size > c.out_width)
    return no("windows of its pool reach over the edge");  // ceil_mode
  c.pool_height = pool.first.size;
  c.pool_width = pool.second.size;
  if (c.window() > kMostAccumulators) {
    return no(fmt::format("a window of its pool has {} pixels, of which the registers hold {}",
                          c.window(), kMostAccumulators));
  }
  return c;
}

}  // namespace linnet::passes
