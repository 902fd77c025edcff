// Sums and fused multiply-adds of f64 for a chip that computes f64 in software.
#pragma once

#include "codegen/object/target.h"

#include <llvm/IR/Module.h>

namespace linnet::codegen {

// Every llvm.fma of f64 becomes a call of one function in the module, exact for all numbers: LLVM
// would call libm's fma, which newlib has not fused. On Arm sums and differences do so too:
// libgcc's __aeabi_dadd rounds some wrongly, as 0.5 (1 - 2^-53) - 2^31.
void expand_double_sums(llvm::Module& module, const TargetRecord& record);

}  // namespace linnet::codegen
