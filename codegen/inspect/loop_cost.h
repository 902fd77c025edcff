// A loop on LLVM's model of a CPU (llvm/MCA), in this process.
#pragma once

#include "codegen/inspect/inspect.h"
#include "codegen/inspect/machine_code.h"

#include <string>

namespace linnet::codegen {

struct FoundCost {
  std::optional<LoopCost> cost;
  std::string fault;  // why there is none
};
// Of lines first … last, again and again. The CPU is the one the target is tuned for.
[[nodiscard]] FoundCost loop_cost(const MachineCode& code, const CodeRange& range,
                                  const Machine& machine);

}  // namespace linnet::codegen
