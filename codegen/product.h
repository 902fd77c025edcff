// `linnet_product_model`: what the `main` of an executable knows of its model (runtime/abi.h).
#pragma once

#include "codegen/emit.h"

namespace linnet::codegen {

// Adds the constant and, for each entry of `model`, a function with the uniform signature
// linnet_call_v1. A module of its own, for the stack's size is known when the model's object is.
void emit_product(llvm::Module& module, const llvm::Module& model,
                  std::span<const ir::Module> planned, std::span<const EntryInfo> entries,
                  const CompileOptions& options, int64_t stack_bytes);

}  // namespace linnet::codegen
