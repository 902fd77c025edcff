// Maps memory with a page on either side that faults when touched.
#include "codegen/check/guarded.h"

#include "base/integers.h"

#include <new>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace linnet::codegen {

GuardedMemory::GuardedMemory(size_t bytes, Guard guard, size_t align) : size_(bytes) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t inner = round_up(bytes, page) + (bytes == 0 ? page : 0);
  mapped_ = inner + 2 * page;
  mapping_ = mmap(nullptr, mapped_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping_ == MAP_FAILED) throw std::bad_alloc();
  auto* first = static_cast<std::byte*>(mapping_) + page;
  if (mprotect(first, inner, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
  data_ = guard == Guard::kBefore ? first : first + round_down(inner - bytes, align);
}

GuardedMemory::~GuardedMemory() {
  if (mapping_) munmap(mapping_, mapped_);
}

GuardedMemory::GuardedMemory(GuardedMemory&& other) noexcept
    : mapping_(std::exchange(other.mapping_, nullptr)), mapped_(other.mapped_), data_(other.data_),
      size_(other.size_) {}

}  // namespace linnet::codegen
