// The loop of a kernel in which its arithmetic is done.
#pragma once

#include "codegen/inspect/inspect.h"
#include "codegen/inspect/loop_counts.h"
#include "codegen/inspect/machine_code.h"

#include <optional>

namespace linnet::codegen {

// nullopt: LLVM reads no assembly of the target, or there is no instruction in it. `counts` are of
// the same kernel.
[[nodiscard]] std::optional<HotLoop> hot_loop(const MachineCode& code, const Machine& machine,
                                              const OptimizedModule::Counts& counts);

}  // namespace linnet::codegen
