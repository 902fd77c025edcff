// LLVM's x86 back end, registered once.
#pragma once

#include <llvm/MC/TargetRegistry.h>

namespace linnet::codegen {

inline constexpr const char* kTriple = "x86_64-unknown-linux-gnu";

[[nodiscard]] const llvm::Target& x86_target();

}  // namespace linnet::codegen
