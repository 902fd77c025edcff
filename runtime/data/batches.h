// Batches of samples, and aligned memory for calls.
#pragma once

#include "base/memory.h"
#include "runtime/data/samples.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

namespace linnet::runtime::train {

// Batches cut out of samples, in any order.
class Batches {
public:
  Batches(const linnet_trainer_v1& trainer, const Samples& samples)
      : samples_(samples), count_(static_cast<size_t>(trainer.input_count + trainer.target_count)),
        buffers_(count_) {}

  // Pointers to `count` samples, those numbered order[first] and on.
  const void* const* at(const std::vector<int64_t>& order, int64_t first, int64_t count) {
    reserve(count, 1);
    fill(order, first, 0, count);
    return part(0);
  }

  // The same in pieces: memory for `count` samples in `parts` equal parts; then `filled` of them
  // from number `from` on, which other threads need not wait for; and pointers to a part.
  void reserve(int64_t count, int64_t parts) {
    pointers_.clear();
    for (size_t i = 0; i < count_; ++i)
      buffers_[i].resize(bytes(i) * static_cast<size_t>(count));
    for (int64_t part = 0; part < parts; ++part) {
      for (size_t i = 0; i < count_; ++i)
        pointers_.push_back(buffers_[i].data() +
                            bytes(i) * static_cast<size_t>(count / parts * part));
    }
  }
  void fill(const std::vector<int64_t>& order, int64_t first, int64_t from, int64_t filled) {
    for (size_t i = 0; i < count_; ++i) {
      const uint8_t* samples = samples_.tensor(i).data.data();
      for (int64_t k = from; k < from + filled; ++k)
        std::memcpy(buffers_[i].data() + static_cast<size_t>(k) * bytes(i),
                    samples + static_cast<size_t>(order[static_cast<size_t>(first + k)]) * bytes(i),
                    bytes(i));
    }
  }
  [[nodiscard]] const void* const* part(int64_t part) const {
    return pointers_.data() + static_cast<size_t>(part) * count_;
  }

private:
  // Of one sample.
  [[nodiscard]] size_t bytes(size_t i) const {
    return samples_.tensor(i).data.size() / static_cast<size_t>(samples_.count);
  }

  const Samples& samples_;
  size_t count_;
  std::vector<std::vector<uint8_t>> buffers_;
  std::vector<const void*> pointers_;
};

struct Aligned {
  std::unique_ptr<void, FreeMemory> memory;
  explicit Aligned(int64_t bytes) : memory(aligned_memory(bytes, "the arena of a step")) {}
};

}  // namespace linnet::runtime::train
