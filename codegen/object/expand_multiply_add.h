// Fused multiply-adds for a CPU without the instruction: the same bits by plain arithmetic.
#pragma once

#include <llvm/IR/Function.h>

namespace linnet::codegen {

// Every llvm.fma becomes sums and products whose rounded result is that of one rounding; LLVM's
// own way out would be a call of libm's fma for each lane.
// f64: exact while no product's error underflows to where it matters and factors stay below 2^995;
// base/math.h keeps to that.
void expand_multiply_add(llvm::Function& function);

}  // namespace linnet::codegen
