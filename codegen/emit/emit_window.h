// The one kernel that Halide does not make: a window over a series moves by one value, in its slot.
#pragma once

#include "passes/lib/target_info.h"
#include "passes/lib/window_shift.h"

#include <llvm/IR/IRBuilder.h>

namespace linnet::codegen {

// The shift, if the kernel is one that is written over what it reads.
[[nodiscard]] std::optional<passes::WindowShift> shift_in_place(const ir::Graph& kernel);

// Emits, where `builder` is, the move of a window of this type: element i becomes i + 1, the last
// what lies at `newest`. The window is padded memory. It is read and written in the same whole
// vectors, and what moves from one into the next does so in registers: no load meets a store that
// it overlaps but does not lie in, which a CPU cannot forward and would wait for.
void emit_shift(llvm::IRBuilder<>& builder, llvm::Value* window, llvm::Value* newest,
                const ir::Type& type, const passes::TargetInfo& target);

// Is its code a few vectors, without a loop?
[[nodiscard]] bool is_short_shift(const ir::Type& type, const passes::TargetInfo& target);

}  // namespace linnet::codegen
