// In which order an epoch takes the samples, and which of them are set apart.
#pragma once

#include "runtime/data/samples.h"

#include <cstdint>
#include <vector>

namespace linnet::runtime::train {

// A permutation of 0 … count − 1 by Fisher and Yates, a pure function of (seed, stream, step); of
// two with other `element`s, which differ by count at least, no random number is the same.
[[nodiscard]] std::vector<int64_t> permutation(int64_t count, uint64_t seed, uint32_t stream,
                                               uint64_t step, uint64_t element = 0);

// Samples of a block: 1 where the data are so small that any order is as good, else about a
// megabyte of them. It depends on their number and size alone.
[[nodiscard]] int64_t shuffle_block(int64_t count, int64_t bytes_of_sample, bool in_a_row);

// Of `count` samples in blocks, `apart` are drawn by the seed: both lists of runs are in the order
// of the source.
struct Split {
  std::vector<Samples::Run> rest, apart;
};
[[nodiscard]] Split split(int64_t count, int64_t apart, int64_t block, uint64_t seed);

// The order of each epoch, a pure function of seed, epoch and place: a permutation of all samples;
// or, where these are many, of their blocks, and then of the samples within each group of so many
// blocks. Either way an epoch takes each sample once. Remembers one epoch, or one group.
class Order {
public:
  static constexpr int64_t kGroup = 256;  // blocks

  Order(const Samples& samples, uint64_t seed, bool file_order);

  // The samples in the places first … first + number − 1 of an epoch.
  [[nodiscard]] std::vector<int64_t> at(int64_t epoch, int64_t first, int64_t number);

private:
  void begin(int64_t epoch);
  void take_group(int64_t group);
  [[nodiscard]] int64_t samples_in(int64_t block) const;

  const Samples& samples_;
  uint64_t seed_;
  bool file_order_;
  int64_t block_ = 1;
  int64_t epoch_ = -1;
  std::vector<int64_t> blocks_;  // of the epoch, in its order
  std::vector<int64_t> begins_;  // by group: the place of its first sample; behind the last: count
  int64_t group_ = -1;
  std::vector<int64_t> order_;  // of the group
};

}  // namespace linnet::runtime::train
