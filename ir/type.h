// Element types, shapes, physical layouts and tensor types.
#pragma once

#include "base/dtype.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace linnet::ir {

using linnet::DType;
using linnet::dtype_from_name;
using linnet::is_float;
using linnet::is_integer;
using linnet::name;
using linnet::size_of;

// Sizes of the dimensions, outermost first; rank 0 (a scalar) to kMaxRank.
using Shape = std::vector<int64_t>;
inline constexpr size_t kMaxRank = 8;
// A tensor's bytes stay below this, so that products of sizes never overflow unseen.
inline constexpr int64_t kMaxBytes = int64_t{1} << 40;

// Number of elements. The shape must have passed `valid`.
[[nodiscard]] int64_t element_count(const Shape& shape);
// Rank, signs and byte count within bounds?
[[nodiscard]] bool valid(const Shape& shape, DType dtype);
[[nodiscard]] std::string to_string(const Shape& shape);  // "[1,6,28,28]"
// Shape of an elementwise result under ONNX's (numpy's) broadcasting; nullopt if they differ.
[[nodiscard]] std::optional<Shape> broadcast(const Shape& a, const Shape& b);
// Elements between neighbours of each dimension in row-major order.
[[nodiscard]] std::vector<int64_t> row_major_strides(const Shape& shape);

// How a tensor lies in memory. Only relayout, planner and code generation look at it.
// Written like oneDNN's format tags: `nhwc`, or blocked `nChw16c` (the upper-case
// dimension is split into blocks, the innermost of 16), then `dim:multiple` for extents
// rounded up: `{nhwc, c:16}`, or the halo of pictures: `{nhwc, halo:1,1,1,1}`, or a weight that is
// transformed: `{Nchw64n, winograd:4}`.
struct Layout {
  std::vector<int> order;      // dimensions, outermost first; empty: row-major
  std::vector<int64_t> round;  // stored extent is a multiple of this; empty: all 1
  int block_dim = -1;          // dimension split into blocks, or -1
  int64_t block = 1;
  // Zeros that the memory has around each picture [height, width] of a tensor of rank 4: top, left,
  // bottom, right, as in a convolution's padding. Whoever stores the tensor stores them too. Not
  // together with blocks or extents rounded up.
  std::array<int64_t, 4> halo = {};
  // Not 0: a weight [O, I, 3, 3] of a convolution, stored as Winograd's F(m × m, 3 × 3) multiplies
  // with it, where m is this number: instead of its 3 × 3 taps the (m + 2)² points of G g Gᵀ, each
  // [O, I] in the order above (codegen/emit/winograd_weights.h).
  int64_t winograd = 0;

  [[nodiscard]] bool is_row_major() const;  // dense, in logical order
  [[nodiscard]] bool has_halo() const { return halo != std::array<int64_t, 4>{}; }
  [[nodiscard]] Layout without_halo() const;
  // Zeros before and behind dimension `dim`.
  [[nodiscard]] std::pair<int64_t, int64_t> around(size_t dim) const;
  friend bool operator==(const Layout&, const Layout&) = default;
};

// The widest side of a halo.
inline constexpr int64_t kMostHalo = 1 << 10;

// Winograd's tiles: 2 and 4 outputs a side, of 3 × 3 taps.
inline constexpr std::array<int64_t, 2> kWinogradTiles = {2, 4};
inline constexpr int64_t kWinogradTaps = 3;
// Points of a tile a side.
[[nodiscard]] constexpr int64_t winograd_side(int64_t tile) {
  return tile + kWinogradTaps - 1;
}

// The letters that name dimensions in a layout: "nchw" for rank 4, "ncw", "nc", …
[[nodiscard]] std::string_view dimension_letters(size_t rank);
[[nodiscard]] std::string to_string(const Layout& layout, size_t rank);  // "{nhwc, c:16}" or ""
[[nodiscard]] std::optional<Layout> layout_from_text(std::string_view text, size_t rank);

struct Type {
  DType dtype = DType::kF32;
  Shape shape;
  Layout layout;

  [[nodiscard]] size_t rank() const { return shape.size(); }
  [[nodiscard]] int64_t elements() const { return element_count(shape); }
  // Extent of a dimension as stored (rounded up), without the halo.
  [[nodiscard]] int64_t stored_extent(size_t dim) const;
  // Bytes as stored, rounding, halo and Winograd's points included.
  [[nodiscard]] int64_t stored_bytes() const;
  // Elements between neighbours of each *logical* dimension; a blocked dimension's entry is
  // the distance between blocks.
  [[nodiscard]] std::vector<int64_t> stored_strides() const;
  // Elements of the halo before the first of the tensor.
  [[nodiscard]] int64_t first_stored() const;
  // Same dtype and shape, whatever the layout.
  [[nodiscard]] bool same_logical(const Type& other) const {
    return dtype == other.dtype && shape == other.shape;
  }
  friend bool operator==(const Type&, const Type&) = default;
};

[[nodiscard]] std::string to_string(const Type& type);  // "f32[1,6,28,28]{nhwc, c:16}"

}  // namespace linnet::ir
