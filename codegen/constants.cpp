#include "codegen/constants.h"

#include "ir/ops/index.h"

#include <cstring>

namespace linnet::codegen {

std::vector<std::byte> stored_bytes(const ir::Tensor& tensor, const ir::Type& type) {
  const size_t size = static_cast<size_t>(ir::size_of(type.dtype));
  std::vector<std::byte> stored(static_cast<size_t>(type.stored_bytes()), std::byte{0});
  const auto strides = type.stored_strides();
  const int block_dim = type.layout.block_dim;
  size_t from = 0;
  for (ir::Index at(type.shape); at.valid(); at.next(), from += size) {
    int64_t offset = 0;
    for (size_t dim = 0; dim < type.rank(); ++dim) {
      if (static_cast<int>(dim) == block_dim) {
        offset += at[dim] / type.layout.block * strides[dim] + at[dim] % type.layout.block;
      } else {
        offset += at[dim] * strides[dim];
      }
    }
    std::memcpy(stored.data() + static_cast<size_t>(offset) * size, tensor.bytes().data() + from,
                size);
  }
  return stored;
}

ConstantPool::Place ConstantPool::add(const ir::Tensor& tensor, const ir::Type& type) {
  std::vector<std::byte> bytes = stored_bytes(tensor, type);
  bytes.resize((bytes.size() + kAlign - 1) / kAlign * kAlign, std::byte{0});
  if (const auto known = known_.find(bytes); known != known_.end()) return known->second;
  Place place;
  place.small = bytes.size() <= kLargestSmall;
  if (place.small) {
    place.at = small_.size();
    small_.push_back(bytes);
  } else {
    place.at = blob_.size();
    blob_.insert(blob_.end(), bytes.begin(), bytes.end());
  }
  known_.emplace(std::move(bytes), place);
  return place;
}

}  // namespace linnet::codegen
