// A call on a stack of exactly the stated size, below it a page that may not be touched.
#pragma once

#include "base/abi/model.h"
#include "base/integers.h"
#include "codegen/check/guarded.h"

#include <cstddef>
#include <cstdint>

namespace linnet::models {

// Of an entry with one input and one output. What it returns; a fault ends the test.
inline int call_on_exact_stack(const linnet_entry_v1& entry, const float* x, float* y) {
  using codegen::Guard;
  using codegen::GuardedMemory;
  const void* in = x;
  void* out = y;
  GuardedMemory arena(static_cast<size_t>(entry.arena_bytes), Guard::kAfter, 64);
  const auto bytes = round_up(static_cast<size_t>(entry.stack_bytes), 16);
  GuardedMemory stack(bytes, Guard::kBefore, 64);
  std::byte* top = stack.data() + bytes;
  int64_t status = -100;
#if defined(__x86_64__)
  asm volatile("movq %%rsp, %%rbx\n\t"
               "movq %[top], %%rsp\n\t"
               "call *%[call]\n\t"
               "movq %%rbx, %%rsp\n\t"
               : "=a"(status)
               : [top] "r"(top), [call] "r"(entry.call), "D"(&in), "S"(&out), "d"(nullptr),
                 "c"(arena.data())
               : "rbx", "r8", "r9", "r10", "r11", "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3",
                 "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13",
                 "xmm14", "xmm15");
#endif
  return static_cast<int>(status);
}

}  // namespace linnet::models
