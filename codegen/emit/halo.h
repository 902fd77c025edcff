// The zeros around the pictures of a value whose layout has a halo.
#pragma once

#include "ir/type.h"

#include <llvm/IR/IRBuilder.h>

namespace linnet::codegen {

// Where the first element of a value of this type lies, whose memory begins at `memory`.
[[nodiscard]] llvm::Value* first_element(llvm::IRBuilder<>& builder, llvm::Value* memory,
                                         const ir::Type& type);

// Emits, where `builder` is, the stores of the zeros around each picture of a value of this type,
// whose memory begins at `memory`; nothing without a halo. `builder` stands behind them then.
void zero_halo(llvm::IRBuilder<>& builder, llvm::Value* memory, const ir::Type& type);

}  // namespace linnet::codegen
