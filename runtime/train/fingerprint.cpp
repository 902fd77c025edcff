// Hashes samples as batches take them.
#include "runtime/train/fingerprint.h"

#include "runtime/data/batches.h"
#include "runtime/train/checkpoint.h"

#include <algorithm>

namespace linnet::runtime::train {
namespace {

constexpr int64_t kTaken = 64;

// A hash of `taken` samples, and of how many there are.
Result<uint64_t> hash_of(const Samples& samples, int64_t taken) {
  uint64_t hash = hash_of_text(std::to_string(samples.count));
  std::vector<std::vector<uint8_t>> memory;
  for (const int64_t bytes : samples.bytes)
    memory.emplace_back(static_cast<size_t>(bytes));
  std::vector<uint8_t*> to;
  for (auto& port : memory)
    to.push_back(port.data());
  for (int64_t i = 0; i < taken; ++i) {
    const int64_t sample = taken == samples.count ? i : samples.count / taken * i;
    LINNET_TRY(samples.fill({&sample, 1}, to));
    for (const auto& port : memory)
      hash = hash_of_bytes(hash, port.data(), port.size());
  }
  return hash;
}

Result<uint64_t> hash_of(const DataSet& data, int64_t most) {
  LINNET_TRY_ASSIGN(uint64_t hash, hash_of(data.train, std::min(data.train.count, most)));
  if (!data.validation) return hash;
  const Samples& apart = *data.validation;
  LINNET_TRY_ASSIGN(const uint64_t other, hash_of(apart, std::min(apart.count, most)));
  return hash_of_bytes(hash, &other, sizeof other);
}

}  // namespace

Result<uint64_t> fingerprint(const DataSet& data) {
  return hash_of(data, kTaken);
}

Result<uint64_t> whole_fingerprint(const DataSet& data) {
  return hash_of(data, INT64_MAX);
}

}  // namespace linnet::runtime::train
