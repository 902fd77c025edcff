// Copies of memory for firmware, which has no libc.
#pragma once

#include <llvm/IR/Module.h>

namespace linnet::codegen {

// Every llvm.memcpy becomes a loop over 32-bit words, and no loop becomes a call of memcpy or
// memmove. memset stays: every C compiler for such chips brings it along.
void expand_copies(llvm::Module& module);

}  // namespace linnet::codegen
