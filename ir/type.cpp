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
  return block_dim < 0 &&
         std::ranges::all_of(round, [](int64_t multiple) { return multiple == 1; });
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
  return text + "}";
}

std::optional<Layout> layout_from_text(std::string_view text, size_t rank) {
  if (rank > kMaxRank || text.size() < 2 || text.front() != '{' || text.back() != '}') {
    return std::nullopt;
  }
  text = text.substr(1, text.size() - 2);
  const std::string_view letters = dimension_letters(rank);
  Layout layout;
  auto number = [&](int64_t& value) {
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || value < 1 || value > (1 << 20)) return false;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    return true;
  };
  auto dimension = [&]() -> int {
    if (text.empty()) return -1;
    const char lower = static_cast<char>(std::tolower(static_cast<unsigned char>(text.front())));
    const size_t dim = letters.find(lower);
    if (dim == std::string_view::npos) return -1;
    return static_cast<int>(dim);
  };
  for (size_t i = 0; i < rank; ++i) {
    const int dim = dimension();
    if (dim < 0 || std::ranges::find(layout.order, dim) != layout.order.end()) return std::nullopt;
    if (std::isupper(static_cast<unsigned char>(text.front()))) {
      if (layout.block_dim >= 0) return std::nullopt;
      layout.block_dim = dim;
    }
    layout.order.push_back(dim);
    text.remove_prefix(1);
  }
  if (layout.block_dim >= 0) {
    if (!number(layout.block) || dimension() != layout.block_dim) return std::nullopt;
    text.remove_prefix(1);
  }
  while (!text.empty()) {
    if (text.front() == ',' || text.front() == ' ') {
      text.remove_prefix(1);
      continue;
    }
    const int dim = dimension();
    if (dim < 0 || text.size() < 3 || text[1] != ':') return std::nullopt;
    text.remove_prefix(2);
    if (layout.round.empty()) layout.round.assign(rank, 1);
    if (!number(layout.round[static_cast<size_t>(dim)])) return std::nullopt;
  }
  return layout;
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
    const int64_t extent = stored_extent(dim);
    stride *= static_cast<int>(dim) == layout.block_dim ? extent / layout.block : extent;
  }
  return strides;
}

int64_t Type::stored_bytes() const {
  int64_t bytes = size_of(dtype);
  for (size_t dim = 0; dim < rank(); ++dim)
    bytes *= stored_extent(dim);
  return bytes;
}

std::string to_string(const Type& type) {
  return fmt::format("{}{}{}", name(type.dtype), to_string(type.shape),
                     to_string(type.layout, type.rank()));
}

}  // namespace linnet::ir
