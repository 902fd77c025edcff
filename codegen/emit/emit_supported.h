// Does the CPU have the instructions a model was compiled for?
#pragma once

#include "codegen/emit/compile.h"

#include <llvm/IR/Module.h>

namespace linnet::codegen {

// `int NAME_supported(void)`: on x86-64 cpuid and xgetbv, in instructions every one of them has.
// Elsewhere 1: a program cannot ask without its operating system, and what cannot run the
// instructions cannot load the program either.
void emit_supported(llvm::Module& module, const CompileOptions& options);

}  // namespace linnet::codegen
