// What the families ask of a group's body.
#pragma once

#include "passes/schedule/families.h"

#include "ir/op_def.h"
#include "ir/ops/window.h"

#include <array>

namespace linnet::passes {

// A group that is one anchor, an elementwise tail and at most one pool.
struct AnchorGroup {
  const ir::Node* anchor = nullptr;
  const ir::Node* pool = nullptr;
  // Of the anchor's operands: the input of the body each is read from, and the data movement it is
  // read through, nearest to the anchor first.
  std::array<size_t, 2> source = {};
  std::array<std::vector<const ir::Node*>, 2> through;
  std::array<size_t, 2> rank = {};

  [[nodiscard]] size_t weight() const { return source[1]; }
};

// nullopt if the body has anything else, is not f32, or the anchor reads something the body
// computes.
[[nodiscard]] std::optional<AnchorGroup> anchor_group(const ir::Graph& body);

// The same of a group whose anchor reads its operands as they are.
[[nodiscard]] std::optional<AnchorGroup> plain_anchor_group(const ir::Graph& body);

// For each dimension of an operand the dimension of the source it is; nullopt if the operand passes
// through more than transposes.
[[nodiscard]] std::optional<std::vector<int>> source_dims(const AnchorGroup& group, size_t operand);

// A convolution with its sizes.
struct Convolution {
  int64_t groups = 1;
  int64_t channels = 0, outputs = 0;  // of one group
  int64_t height = 0, width = 0;      // of the input
  ir::Window rows, columns;
  int64_t out_height = 0, out_width = 0;
  int64_t pool_height = 1, pool_width = 1;  // windows of the pool, 1 without one
  // Bytes of the input with its padding, of one sample and one group.
  [[nodiscard]] int64_t padded_bytes() const;
  [[nodiscard]] bool padded() const {
    return rows.before + rows.after + columns.before + columns.after != 0;
  }
};

// nullopt unless the anchor is a conv2d and the pool, if any, is of disjoint windows
// without gaps.
[[nodiscard]] std::optional<Convolution> convolution(const ir::Graph& body,
                                                     const AnchorGroup& group);

// The widest tile of at most `most` pixels of a row that wastes least of the last one, which moves
// inwards.
[[nodiscard]] int64_t row_tile(int64_t width, int64_t most);

// Do output channels fill at least half a vector, and more than a few lanes? Then direct is the
// better family.
[[nodiscard]] inline bool fills_vectors(int64_t outputs, int64_t lanes) {
  return 2 * outputs >= lanes && outputs >= 8;
}

// The most a kernel may keep on the stack (docs/codegen.md).
inline constexpr int64_t kStackScratch = 16 << 10;

// Accumulators that leave room for operands: all registers but a quarter.
[[nodiscard]] inline int64_t accumulators(const TargetInfo& target) {
  return target.vector_registers * 3 / 4;
}

}  // namespace linnet::passes
