// Adds blocks pairwise, some kilobytes of all of them at a time.
#include "runtime/train/tree.h"

#include <algorithm>

namespace linnet::runtime::train {
namespace {

// Of eight blocks so many bytes fill a first-level cache.
constexpr int64_t kChunk = 4096;

template <class T> struct Vector {
  using Type [[gnu::vector_size(16), gnu::may_alias]] = T;
};

template <class T> void add(uint8_t* into, const uint8_t* from, int64_t bytes) {
  using Lanes = typename Vector<T>::Type;
  auto* to = reinterpret_cast<Lanes*>(into);
  const auto* with = reinterpret_cast<const Lanes*>(from);
  for (int64_t i = 0; i < bytes / 16; ++i)
    to[i] = to[i] + with[i];
}

}  // namespace

void add_numbers(DType dtype, uint8_t* into, const uint8_t* from, int64_t bytes) {
  dtype == DType::kF64 ? add<double>(into, from, bytes) : add<float>(into, from, bytes);
}

void add_levels(const ShardBlocks& blocks, int64_t first_stride, int64_t end_stride, int64_t begin,
                int64_t end) {
  for (int64_t at = begin; at < end; at += kChunk) {
    const int64_t bytes = std::min(kChunk, end - at);
    for (int64_t stride = first_stride; stride < end_stride; stride *= 2) {
      for (int64_t i = 0; i + stride < blocks.shards; i += 2 * stride)
        add_numbers(blocks.dtype, blocks.of(i) + at, blocks.of(i + stride) + at, bytes);
    }
  }
}

}  // namespace linnet::runtime::train
