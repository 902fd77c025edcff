// --flush-denormals: entries that compute with denormal numbers taken and made as zeros.
#pragma once

#include "codegen/object/target.h"

#include <llvm/IR/Module.h>

#include <string>

namespace linnet::codegen {

// Of a function called NAME: NAME then sets the switch (FTZ and DAZ of x86's MXCSR, FZ of Arm's
// FPCR and FPSCR), calls NAME_body, which is what it was, and gives the register back as it found
// it.
void flush_denormals(llvm::Module& module, const std::string& name, const TargetRecord& record);

// The function that a loop over entries calls: NAME_body where there is one, else NAME.
[[nodiscard]] llvm::Function* body_of(llvm::Module& module, const std::string& name);

}  // namespace linnet::codegen
