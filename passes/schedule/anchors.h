// What the families ask of a group's body.
#pragma once

#include "passes/schedule/family.h"

#include "ir/op_def.h"
#include "ir/ops/shared/window.h"

#include <tl/expected.hpp>

#include <array>
#include <functional>

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

// What is asked for, or why the body is no such thing ("it has no convolution or matmul").
template <class T> using Found = tl::expected<T, std::string>;

// Not if the body has anything else, is not f32, the anchor reads something the body computes, or
// what follows it changes the shape.
[[nodiscard]] Found<AnchorGroup> anchor_group(const ir::Graph& body);

// The same of a group whose anchor reads its operands as they are.
[[nodiscard]] Found<AnchorGroup> plain_anchor_group(const ir::Graph& body);

// A group around a matmul that takes its first operand from anywhere, by transposes only, and its
// second as it lies.
[[nodiscard]] Found<AnchorGroup> matmul_group(const ir::Graph& body);

// The matmul of such a group with its sizes: a stack of [rows, inner] × [inner, columns].
struct Product {
  AnchorGroup group;
  int64_t rows = 0, inner = 0, columns = 0;
  bool transposed = false;  // the right operand lies in rows of `inner`: transpose_b

  explicit Product(const ir::Graph& body);
};

// The order of a picture's dimensions that has its channels innermost.
inline const std::vector<int> kChannelsLast = {0, 2, 3, 1};

// Why a kernel that stores its results row by row cannot: another layout; or "".
[[nodiscard]] std::string not_in_rows(const ir::Graph& body);
// The same of one that stores pictures in rows or with their channels innermost.
[[nodiscard]] std::string not_as_picture(const ir::Graph& body);

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
  [[nodiscard]] int64_t window() const { return pool_height * pool_width; }
  [[nodiscard]] int64_t result_width() const { return out_width / pool_width; }
  [[nodiscard]] bool moves_by_one() const {  // neither strides nor dilation
    return rows.stride == 1 && columns.stride == 1 && rows.dilation == 1 && columns.dilation == 1;
  }
  // Bytes of the input with its padding, of one sample and one group.
  [[nodiscard]] int64_t padded_bytes() const;
  [[nodiscard]] bool padded() const {
    return rows.before + rows.after + columns.before + columns.after != 0;
  }
  bool zeros_stored = false;  // the picture's halo has all of its padding
};

// Not unless the anchor is a conv2d and the pool, if any, is of disjoint windows without gaps, of
// at most kMostAccumulators pixels.
[[nodiscard]] Found<Convolution> convolution(const ir::Graph& body, const AnchorGroup& group);
[[nodiscard]] Found<Convolution> convolution(const ir::Graph& body,
                                             const Found<AnchorGroup>& group);

// The widest tile of at most `most` pixels of a row that wastes least of the last one, which moves
// inwards.
[[nodiscard]] int64_t row_tile(int64_t width, int64_t most);

// The most a kernel may keep on the stack (docs/codegen.md): of half of it a convolution of 3
// channels and 34 × 34 leaves pixel_rows and takes 2.3x (Zen 5); twice was not measured, it is
// memory of the user.
inline constexpr int64_t kStackScratch = 16 << 10;

// Of these values of a number those with which a kernel keeps no more on the stack than it may.
[[nodiscard]] std::vector<int64_t> on_stack(std::vector<int64_t> values,
                                            const std::function<int64_t(int64_t)>& bytes);
// "its padded picture has 20000 bytes, of which the stack takes 16384", or "".
[[nodiscard]] std::string beyond_stack(std::string_view what, int64_t bytes);

// Why a family for few output channels leaves a convolution to direct, or "".
[[nodiscard]] std::string direct_is_better(const Convolution& conv, int64_t lanes);

// Accumulators that leave room for operands: all registers but a quarter. Seven in eight take 1.04x
// to 1.66x for 3 × 3 and 11 × 11 convolutions, five in eight 1.00x to 1.08x (Zen 5).
[[nodiscard]] inline int64_t accumulators(const TargetInfo& target) {
  return target.vector_registers * 3 / 4;
}

// A tile of vectors × values that are multiplied with each: do the registers hold its accumulators
// and, with one to spare, the vectors and the value that is multiplied with them?
[[nodiscard]] bool fits_registers(int64_t vectors, int64_t values, const TargetInfo& target);
// Modelled cost of one step of its sum; to compare tiles with, without a unit.
[[nodiscard]] int64_t step_cost(int64_t vectors, int64_t values);

// "a window of its pool has 25 pixels, more than the 24 accumulators"
[[nodiscard]] std::string no_room(const Convolution& conv, const TargetInfo& target);

}  // namespace linnet::passes
