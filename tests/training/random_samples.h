// Samples for tests of a trainer's entries.
#pragma once

#include "base/philox.h"
#include "runtime/data/source.h"

namespace linnet {

// Random numbers of −1 … 1, so many bytes of them by port.
template <class T> class RandomSamples final : public runtime::train::Source {
public:
  explicit RandomSamples(std::vector<int64_t> bytes) : bytes_(std::move(bytes)) {}

  Result<void> fill(std::span<const int64_t> which, std::span<uint8_t* const> to) const override {
    for (size_t port = 0; port < to.size(); ++port) {
      T* value = reinterpret_cast<T*>(to[port]);
      for (const int64_t sample : which) {
        for (size_t i = 0; i < static_cast<size_t>(bytes_[port]) / sizeof(T); ++i) {
          const double u =
              philox_uniform_f64(1, static_cast<uint32_t>(port), static_cast<uint64_t>(sample), i);
          *value++ = static_cast<T>(2 * u - 1);
        }
      }
    }
    return {};
  }

private:
  std::vector<int64_t> bytes_;
};

}  // namespace linnet
