// Sections of the user's, by which a linker script gives code and constants a memory.
#pragma once

#include "codegen/object/target.h"

#include <llvm/IR/Module.h>

namespace linnet::codegen {

// Functions and constants of the module go to the target's sections, where it names any.
void place_sections(llvm::Module& module, const Target& target);

}  // namespace linnet::codegen
