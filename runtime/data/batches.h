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
    pointers_.clear();
    for (size_t i = 0; i < count_; ++i) {
      const Tensor& tensor = samples_.tensor(i);
      const size_t bytes = tensor.data.size() / static_cast<size_t>(samples_.count);
      buffers_[i].resize(bytes * static_cast<size_t>(count));
      for (int64_t k = 0; k < count; ++k) {
        const auto from = static_cast<size_t>(order[static_cast<size_t>(first + k)]) * bytes;
        std::memcpy(buffers_[i].data() + static_cast<size_t>(k) * bytes, tensor.data.data() + from,
                    bytes);
      }
      pointers_.push_back(buffers_[i].data());
    }
    return pointers_.data();
  }

private:
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
