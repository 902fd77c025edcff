// Writes constants in the layout of their type and joins the large ones to one block of bytes.
#include "codegen/emit/constants.h"

#include "base/integers.h"
#include "codegen/emit/winograd_weights.h"
#include "ir/ops/shared/index.h"

#include <cstring>
#include <string_view>

namespace linnet::codegen {
namespace {

// Where the elements of the innermost dimensions lie, as many as a table of this many entries
// takes; the others are counted one by one.
constexpr int64_t kMostTabled = 1 << 16;

struct Offsets {
  size_t outer = 0;            // dimensions before those of the table
  std::vector<size_t> tabled;  // of each position in them, in elements
};

// Elements from the first of dimension `dim` to position `at` in it.
size_t offset(const ir::Type& type, const std::vector<int64_t>& strides, size_t dim, int64_t at) {
  if (static_cast<int>(dim) != type.layout.block_dim) return static_cast<size_t>(at * strides[dim]);
  return static_cast<size_t>(at / type.layout.block * strides[dim] + at % type.layout.block);
}

Offsets offsets(const ir::Type& type, const std::vector<int64_t>& strides) {
  Offsets result{type.rank(), {0}};
  while (result.outer > 0) {
    const size_t dim = result.outer - 1;
    const int64_t extent = type.shape[dim];
    if (extent * static_cast<int64_t>(result.tabled.size()) > kMostTabled) break;
    std::vector<size_t> next;
    for (int64_t at = 0; at < extent; ++at) {
      for (size_t inner : result.tabled)
        next.push_back(offset(type, strides, dim, at) + inner);
    }
    result.tabled = std::move(next);
    result.outer = dim;
  }
  return result;
}

template <class T>
void scatter(const std::byte* from, std::byte* to, const std::vector<size_t>& offsets) {
  for (size_t i = 0; i < offsets.size(); ++i)
    std::memcpy(to + offsets[i] * sizeof(T), from + i * sizeof(T), sizeof(T));
}

// The elements of `tensor` at `to`, which is zeros.
void store(const ir::Tensor& tensor, const ir::Type& type, std::byte* to) {
  const size_t size = static_cast<size_t>(ir::size_of(type.dtype));
  const std::byte* from = tensor.bytes().data();
  if (type.layout.is_row_major()) {
    if (!tensor.bytes().empty()) std::memcpy(to, from, tensor.bytes().size());
    return;
  }
  if (type.layout.winograd != 0) {
    store_winograd(tensor, type, to);
    return;
  }
  const auto strides = type.stored_strides();
  const Offsets inner = offsets(type, strides);
  const ir::Shape outer(type.shape.begin(),
                        type.shape.begin() + static_cast<std::ptrdiff_t>(inner.outer));
  for (ir::Index at(outer); at.valid(); at.next(), from += inner.tabled.size() * size) {
    auto first = static_cast<size_t>(type.first_stored());
    for (size_t dim = 0; dim < outer.size(); ++dim)
      first += offset(type, strides, dim, at[dim]);
    const auto copy = size == 1   ? scatter<uint8_t>
                      : size == 2 ? scatter<uint16_t>
                      : size == 4 ? scatter<uint32_t>
                                  : scatter<uint64_t>;
    copy(from, to + first * size, inner.tabled);
  }
}

}  // namespace

std::vector<std::byte> stored_bytes(const ir::Tensor& tensor, const ir::Type& type) {
  std::vector<std::byte> stored(static_cast<size_t>(type.stored_bytes()), std::byte{0});
  store(tensor, type, stored.data());
  return stored;
}

std::vector<int64_t> stored_numbers(ir::Type type) {
  std::vector<int64_t> order(static_cast<size_t>(type.elements()));
  for (size_t i = 0; i < order.size(); ++i)
    order[i] = static_cast<int64_t>(i) + 1;
  type.dtype = ir::DType::kI64;
  ir::Type plain = type;
  plain.layout = {};
  const auto bytes = stored_bytes(ir::Tensor::from_ints(plain, order), type);
  std::vector<int64_t> numbers(bytes.size() / 8);
  std::memcpy(numbers.data(), bytes.data(), bytes.size());
  return numbers;
}

ir::Tensor logical_tensor(const std::byte* data, const std::vector<int64_t>& numbers,
                          const ir::Type& type) {
  ir::Type plain = type;
  plain.layout = {};
  const auto size = static_cast<size_t>(ir::size_of(type.dtype));
  std::vector<std::byte> bytes(static_cast<size_t>(type.elements()) * size);
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] == 0) continue;
    std::memcpy(bytes.data() + static_cast<size_t>(numbers[i] - 1) * size, data + i * size, size);
  }
  return ir::Tensor(plain, std::move(bytes));
}

ConstantPool::Place ConstantPool::add(const ir::Tensor& tensor, const ir::Type& type) {
  const std::pair tensor_key{tensor.bytes().data(), to_string(type)};
  if (const auto known = added_.find(tensor_key); known != added_.end()) return known->second;
  const size_t bytes = round_up(static_cast<size_t>(type.stored_bytes()), kAlign);
  Place place;
  place.small = bytes <= kLargestSmall;
  place.at = place.small ? small_.size() : blob_.size();
  // Stored where they stay, and taken back if they are known.
  if (place.small) {
    small_.emplace_back(bytes);
  } else {
    blob_.resize(place.at + bytes);
  }
  const auto data = [&](const Place& at) {
    return at.small ? small_[at.at].data() : blob_.data() + at.at;
  };
  store(tensor, type, data(place));
  const std::string_view content(reinterpret_cast<const char*>(data(place)), bytes);
  const std::pair content_key{std::hash<std::string_view>()(content), bytes};
  const auto [first, last] = stored_.equal_range(content_key);
  for (auto same = first; same != last; ++same) {
    if (std::memcmp(data(same->second), content.data(), bytes) != 0) continue;
    place.small ? small_.pop_back() : blob_.resize(place.at);
    return added_[tensor_key] = same->second;
  }
  stored_.emplace(content_key, place);
  return added_[tensor_key] = place;
}

}  // namespace linnet::codegen
