// Neighbouring numbers that are broadcast one by one are loaded as a vector, for machines that
// multiply by an element of one.
#pragma once

#include <llvm/IR/Function.h>

namespace linnet::codegen {

// Of an optimised function: loads of a block, four or two neighbours of f32, of which each is only
// spread over vectors, become one load and shuffles, of which AArch64 makes `fmla v, v, v.s[lane]`.
// Nothing is read that was not.
void load_lanes(llvm::Function& function);

}  // namespace linnet::codegen
