// What an instruction of a kernel computes, by its name in assembly.
#pragma once

#include "codegen/object/target.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace linnet::codegen {

struct Arithmetic {
  bool fma = false;         // a product and a sum
  int64_t flops = 0;        // of all lanes
  int64_t operations = 0;   // the same, with comparisons, minima and maxima
  int64_t vector_bits = 0;  // of the registers it computes in; 0: it computes nothing
};

// What another instruction has set for those that follow it (RISC-V).
struct VectorLength {
  int64_t lanes = 1, bits = 32;  // of one lane
};

[[nodiscard]] Arithmetic arithmetic_of(std::string_view line, Architecture architecture,
                                       VectorLength length);
// The operand it writes: the last on x86-64, elsewhere the first.
[[nodiscard]] std::string_view destination(std::string_view line, Architecture architecture);
// What `vsetivli zero, 4, e32, …` sets; nothing of any other instruction.
[[nodiscard]] std::optional<VectorLength> vector_length(std::string_view line);

}  // namespace linnet::codegen
