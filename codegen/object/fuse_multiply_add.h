// Where a product is rounded is decided here, not by LLVM's instruction selection.
#pragma once

#include <llvm/IR/Function.h>

namespace linnet::codegen {

// a * b + c, c + a * b, a * b - c and c - a * b become llvm.fma where the product has no other
// use; of two products the first operand is taken. So the IR needs no floating-point flag at all,
// not even `contract`, and its meaning is fixed.
void fuse_multiply_add(llvm::Function& function);

}  // namespace linnet::codegen
