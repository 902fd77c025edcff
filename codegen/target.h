// The CPUs linnet generates code for: one table, never the host's own guess.
#pragma once

#include "passes/target_info.h"

#include <string>
#include <string_view>
#include <vector>

namespace linnet::codegen {

struct Target {
  passes::TargetInfo info;
  std::string cpu;       // LLVM's name, "znver4", "x86-64-v3"
  std::string features;  // LLVM's, "+avx2,+fma…": exactly what generated code may use
  int level = 3;         // x86-64-v2, v3 or v4: what decides Halide's features
};

// "x86-64-v2|v3|v4" or a CPU name LLVM knows ("native": the host's). Empty name on failure,
// with the nearest names in `message`.
struct FoundTarget {
  bool ok = false;
  Target target;
  std::string message;
};
[[nodiscard]] FoundTarget find_target(std::string_view name);
[[nodiscard]] std::string host_cpu();
// Does this machine have the target's instructions?
[[nodiscard]] bool runs_here(const Target& target);

}  // namespace linnet::codegen
