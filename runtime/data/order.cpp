// Permutations by Philox: of samples, of blocks, and of samples within groups of blocks.
#include "runtime/data/order.h"

#include "base/integers.h"
#include "base/philox.h"

#include <algorithm>
#include <numeric>

namespace linnet::runtime::train {
namespace {

constexpr uint32_t kShuffleStream = 0xFFFFFFFF;
constexpr uint32_t kSplitStream = 0xFFFFFFFE;
constexpr uint32_t kBlockStream = 0xFFFFFFFD;

// Up to so many bytes and samples the permutation is of all: 32 MB of numbers at most, and what
// lies in a file is soon in the system's cache.
constexpr int64_t kWholeBytes = int64_t{1} << 30;
constexpr int64_t kWholeCount = int64_t{1} << 22;
// A block is read at one go; a group, of which every sample must be at hand, is 256 times it.
constexpr int64_t kBlockBytes = int64_t{1} << 20;
constexpr int64_t kBlockCount = 4096;

// As runs, neighbours joined.
void append(std::vector<Samples::Run>& runs, int64_t first, int64_t number) {
  const int64_t at = runs.empty() ? 0 : runs.back().at + runs.back().number;
  if (!runs.empty() && runs.back().first + runs.back().number == first)
    runs.back().number += number;
  else
    runs.push_back({at, first, number});
}

}  // namespace

std::vector<int64_t> permutation(int64_t count, uint64_t seed, uint32_t stream, uint64_t step,
                                 uint64_t element) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  for (int64_t i = count - 1; i > 0; --i) {
    const double u = philox_uniform_f64(seed, stream, step, element + static_cast<uint64_t>(i));
    const auto k = static_cast<int64_t>(u * static_cast<double>(i + 1));
    std::swap(order[static_cast<size_t>(i)], order[static_cast<size_t>(k)]);
  }
  return order;
}

int64_t shuffle_block(int64_t count, int64_t bytes_of_sample, bool in_a_row) {
  const int64_t each = std::max<int64_t>(bytes_of_sample, 1);
  if (!in_a_row || (count <= kWholeCount && count <= kWholeBytes / each)) return 1;
  return std::clamp<int64_t>(kBlockBytes / each, 1, kBlockCount);
}

Split split(int64_t count, int64_t apart, int64_t block, uint64_t seed) {
  const int64_t blocks = ceil_div(count, block);
  std::vector<int64_t> order = permutation(blocks, seed, kSplitStream, 0);
  const auto samples_in = [&](int64_t i) { return std::min(block, count - i * block); };
  // The last blocks of the order, until they hold enough; of the last taken its first samples.
  int64_t drawn = 0, left = apart, of_last = 0;
  while (left > 0) {
    of_last = std::min(left, samples_in(order[static_cast<size_t>(blocks - 1 - drawn)]));
    left -= of_last;
    ++drawn;
  }
  const int64_t last = drawn > 0 ? order[static_cast<size_t>(blocks - drawn)] : -1;
  order.erase(order.begin(), order.end() - drawn);
  std::ranges::sort(order);
  Split parts;
  int64_t next = 0;  // the first sample that is in no part yet
  for (const int64_t i : order) {
    if (i * block > next) append(parts.rest, next, i * block - next);
    const int64_t number = i == last ? of_last : samples_in(i);
    append(parts.apart, i * block, number);
    next = i * block + number;
  }
  if (next < count) append(parts.rest, next, count - next);
  return parts;
}

Order::Order(const Samples& samples, uint64_t seed, bool file_order)
    : samples_(samples), seed_(seed), file_order_(file_order),
      block_(shuffle_block(samples.count, samples.bytes_of_sample(), samples.source->in_a_row())) {}

int64_t Order::samples_in(int64_t block) const {
  return std::min(block_, samples_.count - block * block_);
}

void Order::begin(int64_t epoch) {
  epoch_ = epoch;
  group_ = -1;
  begins_ = {0};
  if (block_ == 1) {
    order_ = permutation(samples_.count, seed_, kShuffleStream, static_cast<uint64_t>(epoch));
    begins_.push_back(samples_.count);
    group_ = 0;
    return;
  }
  blocks_ = permutation(ceil_div(samples_.count, block_), seed_, kBlockStream,
                        static_cast<uint64_t>(epoch));
  int64_t place = 0;
  for (size_t i = 0; i < blocks_.size(); ++i) {
    place += samples_in(blocks_[i]);
    if (static_cast<int64_t>(i + 1) % kGroup == 0 || i + 1 == blocks_.size())
      begins_.push_back(place);
  }
}

void Order::take_group(int64_t group) {
  const auto blocks_of = [&](int64_t number) {
    const auto begin = static_cast<size_t>(number * kGroup);
    const auto end = std::min(begin + static_cast<size_t>(kGroup), blocks_.size());
    return begin < end ? std::span(blocks_).subspan(begin, end - begin) : std::span<int64_t>();
  };
  std::vector<int64_t> samples;
  for (const int64_t block : blocks_of(group)) {
    for (int64_t i = 0; i < samples_in(block); ++i)
      samples.push_back(block * block_ + i);
  }
  // What the next group takes may be on its way from the disk meanwhile.
  if (group_ < 0) {
    for (const int64_t block : blocks_of(group))
      samples_.expect(block * block_, samples_in(block));
  }
  for (const int64_t block : blocks_of(group + 1))
    samples_.expect(block * block_, samples_in(block));
  group_ = group;
  const int64_t begin = begins_[static_cast<size_t>(group)];
  order_ = permutation(static_cast<int64_t>(samples.size()), seed_, kShuffleStream,
                       static_cast<uint64_t>(epoch_), static_cast<uint64_t>(begin));
  for (int64_t& place : order_)
    place = samples[static_cast<size_t>(place)];
}

std::vector<int64_t> Order::at(int64_t epoch, int64_t first, int64_t number) {
  std::vector<int64_t> which(static_cast<size_t>(number));
  if (file_order_) {
    std::iota(which.begin(), which.end(), first);
    return which;
  }
  if (epoch != epoch_) begin(epoch);
  for (int64_t i = 0; i < number; ++i) {
    const int64_t place = first + i;
    if (group_ < 0 || place < begins_[static_cast<size_t>(group_)] ||
        place >= begins_[static_cast<size_t>(group_) + 1])
      take_group(std::ranges::upper_bound(begins_, place) - begins_.begin() - 1);
    which[static_cast<size_t>(i)] =
        order_[static_cast<size_t>(place - begins_[static_cast<size_t>(group_)])];
  }
  return which;
}

}  // namespace linnet::runtime::train
