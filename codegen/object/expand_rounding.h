// Rounding to whole numbers for a chip without the instruction: the same bits by integers.
#pragma once

#include "codegen/object/target.h"

#include <llvm/IR/Function.h>

namespace linnet::codegen {

// Every floor, ceil, trunc, round and rint that LLVM would have libm compute: exact for all
// numbers; zeros keep their sign, infinities and NaNs are what they were. A call of libm's ceilf by
// Halide becomes LLVM's ceil on every target.
void expand_rounding(llvm::Function& function, const TargetRecord& record);

}  // namespace linnet::codegen
