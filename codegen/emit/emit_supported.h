// Does the CPU have the instructions a model was compiled for?
#pragma once

#include "codegen/emit/compile.h"

#include <llvm/IR/Module.h>

namespace linnet::codegen {

// `int NAME_supported(void)`: cpuid and xgetbv, in instructions every x86-64 has.
void emit_supported(llvm::Module& module, const CompileOptions& options);

}  // namespace linnet::codegen
