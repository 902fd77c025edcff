// The CPUs linnet generates code for: one table, never the host's own guess.
#pragma once

#include "passes/lib/target_info.h"

#include <string>
#include <string_view>
#include <vector>

namespace linnet::codegen {

struct Target {
  passes::TargetInfo info;
  // Instructions are those of the psABI's level, whichever CPU was named: a model for znver4 runs
  // on every CPU of x86-64-v4. The CPU decides only the order of instructions.
  int level = 3;
  std::string cpu;   // LLVM's name of the level, "x86-64-v3"
  std::string tune;  // LLVM's name of the CPU to schedule for, "znver4" or "generic"
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
