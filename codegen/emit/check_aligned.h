// The first thing that an entry function does: it looks at the memory it was given.
#pragma once

#include <llvm/IR/IRBuilder.h>

namespace linnet::codegen {

// Memory of the caller's that must be there and aligned: otherwise the call returns a code.
void check_aligned(llvm::IRBuilder<>& builder, llvm::Value* memory, int if_null, int if_misaligned);

}  // namespace linnet::codegen
