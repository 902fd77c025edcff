// What a model with state offers besides NAME_step.
#pragma once

#include "codegen/emit/emit.h"

namespace linnet::codegen {

// For `step`, the entry of a graph @step whose function is in `module`:
//   int  NAME_steps(inputs…, outputs…, ptrdiff_t count, void *state, void *arena)
//   void NAME_reset(void *state)
//   int  NAME_state_check(const void *state)
// NAME_steps calls NAME_step for each element of its arrays of inputs, in order.
void emit_stream(llvm::Module& module, const EntryInfo& step, const CompileOptions& options);

// `name`, which calls `step` for each element of its arrays: `strides` are the bytes of what one
// step reads or writes at each of its parameters before state and arena. The count is a ptrdiff_t.
void emit_steps(llvm::Function* step, const std::string& name, const std::vector<int64_t>& strides,
                const CompileOptions& options);

}  // namespace linnet::codegen
