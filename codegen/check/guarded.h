// Memory that ends, or begins, at a page nobody may touch.
#pragma once

#include <cstddef>

namespace linnet::codegen {

enum class Guard { kAfter, kBefore };

class GuardedMemory {
public:
  // `bytes` directly before (or behind) the forbidden page, as near as `align` allows.
  GuardedMemory(size_t bytes, Guard guard, size_t align);
  ~GuardedMemory();
  GuardedMemory(GuardedMemory&& other) noexcept;
  GuardedMemory(const GuardedMemory&) = delete;
  GuardedMemory& operator=(const GuardedMemory&) = delete;

  [[nodiscard]] std::byte* data() const { return data_; }
  [[nodiscard]] size_t size() const { return size_; }

private:
  void* mapping_ = nullptr;
  size_t mapped_ = 0;
  std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace linnet::codegen
