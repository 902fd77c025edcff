// Memory for arenas, states and slots, and what is said when there is none.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <utility>

namespace linnet {

// Of arenas, states, constants and every value in them: a cache line, and no vector is wider.
inline constexpr int64_t kAlign = 64;

// Says what wanted how many bytes.
class OutOfMemory : public std::bad_alloc {
public:
  explicit OutOfMemory(std::string message) : message_(std::move(message)) {}
  [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }

private:
  std::string message_;
};

struct FreeMemory {
  void operator()(void* memory) const { std::free(memory); }
};

// At least `bytes`, at a multiple of `align`, a power of two. Throws OutOfMemory, which names
// `purpose`: "the arena of a call".
[[nodiscard]] std::unique_ptr<void, FreeMemory> aligned_memory(int64_t bytes, const char* purpose,
                                                               int64_t align = kAlign);

// For a person, of any exception: "out of memory" where nothing more is known.
[[nodiscard]] std::string exception_text(const std::exception& error);

}  // namespace linnet
