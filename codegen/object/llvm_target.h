// LLVM's back ends, registered once.
#pragma once

#include "codegen/object/target.h"

#include <llvm/MC/TargetRegistry.h>

namespace linnet::codegen {

[[nodiscard]] const llvm::Target& llvm_target(const TargetRecord& record);

}  // namespace linnet::codegen
