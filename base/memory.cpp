// Allocation that says what it was for.
#include "base/memory.h"

#include "base/integers.h"
#include "base/result.h"

#include <algorithm>

namespace linnet {

std::unique_ptr<void, FreeMemory> aligned_memory(int64_t bytes, const char* purpose,
                                                 int64_t align) {
  const int64_t rounded = round_up(std::max<int64_t>(bytes, 1), align);
  std::unique_ptr<void, FreeMemory> memory(
      std::aligned_alloc(static_cast<size_t>(align), static_cast<size_t>(rounded)));
  if (!memory)
    throw OutOfMemory(
        format("out of memory: %s takes %lld bytes", purpose, static_cast<long long>(bytes)));
  return memory;
}

std::string exception_text(const std::exception& error) {
  const bool plain =
      dynamic_cast<const std::bad_alloc*>(&error) && !dynamic_cast<const OutOfMemory*>(&error);
  return plain ? "out of memory" : error.what();
}

}  // namespace linnet
