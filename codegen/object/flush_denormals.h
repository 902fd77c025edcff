// --flush-denormals: entries that compute with denormal numbers taken and made as zeros.
#pragma once

#include <llvm/IR/Module.h>

#include <string>

namespace linnet::codegen {

// Of a function called NAME: NAME then sets FTZ and DAZ of MXCSR, calls NAME_body, which is what it
// was, and gives MXCSR back as it found it.
void flush_denormals(llvm::Module& module, const std::string& name);

// The function that a loop over entries calls: NAME_body where there is one, else NAME.
[[nodiscard]] llvm::Function* body_of(llvm::Module& module, const std::string& name);

}  // namespace linnet::codegen
