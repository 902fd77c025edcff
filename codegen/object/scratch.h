// Memory that a kernel allocates while it runs lies in the arena.
#pragma once

#include <llvm/IR/Function.h>

namespace linnet::codegen {

// Of a function: the bytes that its allocations take in all.
inline constexpr const char* kScratchBytes = "linnet-scratch-bytes";

// Halide's calls of malloc and free, of constant sizes, become places one behind the other from the
// function's first argument on, Halide's user context: a kernel's scratch. Each call has a place of
// its own, for all turns of the loop that it stands in.
void place_allocations(llvm::Function& function);

}  // namespace linnet::codegen
