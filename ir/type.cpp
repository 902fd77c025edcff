// Names of dtypes, element counts, strides of layouts, and the text of a type.
#include "ir/type.h"

#include "base/integers.h"
#include "support/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace linnet::ir {

int64_t element_count(const Shape& shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

bool valid(const Shape& shape, DType dtype) {
  if (shape.size() > kMaxRank) return false;
  int64_t bytes = size_of(dtype);
  bool empty = false;
  for (int64_t size : shape) {
    if (size < 0) return false;
    if (size == 0) {
      empty = true;
      continue;
    }
    auto product = checked_mul(bytes, size);
    if (!product || *product > kMaxBytes) return false;
    bytes = *product;
  }
  return empty || bytes <= kMaxBytes;
}

std::string to_string(const Shape& shape) {
  return fmt::format("[{}]", fmt::join(shape, ","));
}

std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
  const Shape& longer = a.size() >= b.size() ? a : b;
  const Shape& shorter = a.size() >= b.size() ? b : a;
  Shape result = longer;
  const size_t offset = longer.size() - shorter.size();
  for (size_t i = 0; i < shorter.size(); ++i) {
    int64_t& size = result[offset + i];
    if (size == 1) {
      size = shorter[i];
    } else if (shorter[i] != 1 && shorter[i] != size) {
      return std::nullopt;
    }
  }
  return result;
}

std::vector<int64_t> row_major_strides(const Shape& shape) {
  std::vector<int64_t> strides(shape.size());
  int64_t stride = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return strides;
}

bool Layout::is_row_major() const {
  for (size_t i = 0; i < order.size(); ++i) {
    if (order[i] != static_cast<int>(i)) return false;
  }
  return block_dim < 0 && !has_halo() && winograd == 0 &&
         std::ranges::all_of(round, [](int64_t multiple) { return multiple == 1; });
}

Layout Layout::without_halo() const {
  Layout layout = *this;
  layout.halo = {};
  return layout;
}

std::pair<int64_t, int64_t> Layout::around(size_t dim) const {
  if (dim != 2 && dim != 3) return {0, 0};
  return {halo[dim - 2], halo[dim]};
}

std::string_view dimension_letters(size_t rank) {
  constexpr std::array<std::string_view, kMaxRank + 1> kLetters{
      "", "c", "nc", "ncw", "nchw", "ncdhw", "abcdef", "abcdefg", "abcdefgh"};
  return kLetters[rank];
}

std::string to_string(const Layout& layout, size_t rank) {
  if (layout.is_row_major()) return "";
  const std::string_view letters = dimension_letters(rank);
  std::string text = "{";
  for (size_t i = 0; i < rank; ++i) {
    const int dim = layout.order.empty() ? static_cast<int>(i) : layout.order[i];
    const char letter = letters[static_cast<size_t>(dim)];
    text += dim == layout.block_dim ? static_cast<char>(std::toupper(letter)) : letter;
  }
  if (layout.block_dim >= 0) {
    text += fmt::format("{}{}", layout.block, letters[static_cast<size_t>(layout.block_dim)]);
  }
  for (size_t dim = 0; dim < layout.round.size(); ++dim) {
    if (layout.round[dim] != 1) text += fmt::format(", {}:{}", letters[dim], layout.round[dim]);
  }
  if (layout.has_halo()) text += fmt::format(", halo:{}", fmt::join(layout.halo, ","));
  if (layout.winograd != 0) text += fmt::format(", winograd:{}", layout.winograd);
  return text + "}";
}

namespace {

// Takes the parts of a layout's text from its front: each says whether it is there.
class LayoutReader {
public:
  LayoutReader(std::string_view text, size_t rank)
      : text_(text), letters_(dimension_letters(rank)) {}

  std::optional<Layout> read() {
    if (!order() || !block()) return std::nullopt;
    while (!text_.empty()) {
      if (take(",") || take(" ")) continue;
      if (!(take("halo:") ? halo() : take("winograd:") ? winograd() : multiple()))
        return std::nullopt;
    }
    return layout_;
  }

private:
  bool take(std::string_view word) {
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }

  std::optional<int64_t> number(int64_t least, int64_t most) {
    int64_t value = 0;
    auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    if (error != std::errc{} || value < least || value > most) return std::nullopt;
    text_.remove_prefix(static_cast<size_t>(end - text_.data()));
    return value;
  }

  // The dimension of the letter at the front, or -1.
  [[nodiscard]] int dimension() const {
    if (text_.empty()) return -1;
    const char lower = static_cast<char>(std::tolower(static_cast<unsigned char>(text_.front())));
    const size_t dim = letters_.find(lower);
    return dim == std::string_view::npos ? -1 : static_cast<int>(dim);
  }

  bool order() {
    for (size_t i = 0; i < letters_.size(); ++i) {
      const int dim = dimension();
      if (dim < 0 || std::ranges::find(layout_.order, dim) != layout_.order.end()) return false;
      if (std::isupper(static_cast<unsigned char>(text_.front()))) {
        if (layout_.block_dim >= 0) return false;
        layout_.block_dim = dim;
      }
      layout_.order.push_back(dim);
      text_.remove_prefix(1);
    }
    return true;
  }

  bool block() {
    if (layout_.block_dim < 0) return true;
    const auto size = number(1, kMost);
    if (!size || dimension() != layout_.block_dim) return false;
    layout_.block = *size;
    text_.remove_prefix(1);
    return true;
  }

  bool multiple() {
    const int dim = dimension();
    if (dim < 0 || text_.size() < 3 || text_[1] != ':') return false;
    text_.remove_prefix(2);
    if (layout_.round.empty()) layout_.round.assign(letters_.size(), 1);
    const auto size = number(1, kMost);
    if (size) layout_.round[static_cast<size_t>(dim)] = *size;
    return size.has_value();
  }

  // The last part: four numbers of pictures whose rows lie one behind the other.
  bool halo() {
    const auto rows = std::ranges::find(layout_.order, 2);
    if (letters_.size() != 4 || layout_.block_dim >= 0 || !layout_.round.empty()) return false;
    if (rows == layout_.order.end() || rows + 1 == layout_.order.end() || rows[1] != 3)
      return false;
    for (int64_t& side : layout_.halo) {
      if (&side != layout_.halo.data() && !take(",")) return false;
      const auto width = number(0, kMostHalo);
      if (!width) return false;
      side = *width;
    }
    // What is in rows but for its halo has no order, as what is in rows has none.
    if (std::ranges::is_sorted(layout_.order)) layout_.order.clear();
    return text_.empty() && layout_.has_halo();
  }

  // The last part of a weight's layout: the tile.
  bool winograd() {
    const auto tile = number(1, kMost);
    if (!tile || letters_.size() != 4 || layout_.has_halo()) return false;
    layout_.winograd = *tile;
    return text_.empty() && std::ranges::find(kWinogradTiles, *tile) != kWinogradTiles.end();
  }

  static constexpr int64_t kMost = 1 << 20;
  std::string_view text_, letters_;
  Layout layout_;
};

}  // namespace

std::optional<Layout> layout_from_text(std::string_view text, size_t rank) {
  if (rank > kMaxRank || text.size() < 2 || text.front() != '{' || text.back() != '}') {
    return std::nullopt;
  }
  return LayoutReader(text.substr(1, text.size() - 2), rank).read();
}

int64_t Type::stored_extent(size_t dim) const {
  int64_t multiple = layout.round.empty() ? 1 : layout.round[dim];
  if (static_cast<int>(dim) == layout.block_dim) multiple = std::max(multiple, layout.block);
  return round_up(shape[dim], multiple);
}

std::vector<int64_t> Type::stored_strides() const {
  std::vector<int64_t> strides(rank());
  int64_t stride = layout.block_dim >= 0 ? layout.block : 1;
  for (size_t i = rank(); i-- > 0;) {
    const size_t dim = layout.order.empty() ? i : static_cast<size_t>(layout.order[i]);
    strides[dim] = stride;
    const auto [before, behind] = layout.around(dim);
    const int64_t extent = before + stored_extent(dim) + behind;
    stride *= static_cast<int>(dim) == layout.block_dim ? extent / layout.block : extent;
  }
  return strides;
}

int64_t Type::stored_bytes() const {
  int64_t bytes = size_of(dtype);
  for (size_t dim = 0; dim < rank(); ++dim) {
    const auto [before, behind] = layout.around(dim);
    bytes *= before + stored_extent(dim) + behind;
  }
  if (layout.winograd == 0) return bytes;
  const int64_t side = winograd_side(layout.winograd);
  return bytes / (kWinogradTaps * kWinogradTaps) * side * side;
}

int64_t Type::first_stored() const {
  if (!layout.has_halo()) return 0;
  const std::vector<int64_t> strides = stored_strides();
  return layout.halo[0] * strides[2] + layout.halo[1] * strides[3];
}

std::string to_string(const Type& type) {
  return fmt::format("{}{}{}", name(type.dtype), to_string(type.shape),
                     to_string(type.layout, type.rank()));
}

}  // namespace linnet::ir
