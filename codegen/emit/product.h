// `linnet_product_model`: what the `main` of an executable knows of its model (base/abi/model.h).
#pragma once

#include "codegen/emit/emit.h"

namespace linnet::codegen {

// Adds the constant and, for each entry, a function with the uniform signature linnet_call_v1.
void emit_product(llvm::Module& module, std::span<const ir::Module> planned,
                  std::span<const EntryInfo> entries, const CompileOptions& options,
                  int64_t stack_bytes);

// The same number in the finished object.
void set_product_stack(std::vector<std::byte>& object, int64_t stack_bytes);

}  // namespace linnet::codegen
