// Back-propagation through time: a model's step as often as a window has steps.
#pragma once

#include "base/result.h"
#include "ir/module.h"

namespace linnet::frontend {

// Replaces the graph @step, the module's only one, by a graph @predict of `window` steps: an input
// [N, …] of a step becomes [N, window, …], an output [N, …] becomes [N · window, …], all steps of
// the first sample first. Every window begins with the state's initial values (of seed 0); the
// slots of state go. Needs: every input and output has a first dimension, which is the same
// (`window` steps of N samples); otherwise the failure says which has not.
[[nodiscard]] Result<void, std::string> unroll(ir::Module& module, int64_t window);

}  // namespace linnet::frontend
