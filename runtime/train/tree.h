// The order in which what the shards of a step have made is added: a binary tree over their
// numbers.
#pragma once

#include "base/io/tensor.h"

#include <cstdint>

namespace linnet::runtime::train {

// Of a block, for a thread to add.
inline constexpr int64_t kTileBytes = 16384;

// Equal arrays, one for each shard, side by side; `bytes` of each, a multiple of 64, as is the
// address of the first.
struct ShardBlocks {
  DType dtype = DType::kF32;
  int64_t shards = 1, bytes = 0;
  uint8_t* first = nullptr;
  [[nodiscard]] uint8_t* of(int64_t shard) const { return first + shard * bytes; }
};

// At the level of stride s, block i of each i that 2s divides becomes the sum of itself and block
// i + s, if there is one: then it is that of the shards i … i + 2s − 1. After the strides 1, 2, 4,
// … below `shards` block 0 is the sum of all, in an order that depends on their number alone.
//
// Does the levels of the strides first_stride … end_stride − 1, of the bytes begin … end − 1 of
// each block, multiples of 64; other bytes may be added at the same time.
//
// `blocks` may be a run of all that begins with one that 2s divides, for each stride s; then the
// pairs of the run are added.
void add_levels(const ShardBlocks& blocks, int64_t first_stride, int64_t end_stride, int64_t begin,
                int64_t end);

// The first array becomes the sum of both; `bytes` is a multiple of 64, as are the addresses.
void add_numbers(DType dtype, uint8_t* into, const uint8_t* from, int64_t bytes);

}  // namespace linnet::runtime::train
