// What passes may know of the machine: plain numbers, no Halide, no LLVM.
#pragma once

#include <cstdint>
#include <string>

namespace linnet::passes {

// codegen/object/target.h fills it in from a CPU's name.
struct TargetInfo {
  std::string name = "x86-64-v3";  // as given to --target
  int64_t vector_bytes = 32;       // of the widest vector worth using: 16, 32 or 64
  int64_t vector_registers = 16;   // such registers: 8 with MVE, 32 with NEON and AVX-512
  bool fma = true;                 // fused multiply-add in one instruction
  int64_t l1_bytes = 32 << 10;     // data cache of a core
  int64_t l2_bytes = 1 << 20;

  [[nodiscard]] int64_t lanes(int64_t element_bytes) const { return vector_bytes / element_bytes; }
};

}  // namespace linnet::passes
