// The entry functions of a model in LLVM IR: addresses and calls, nothing else.
#pragma once

#include "codegen/emit/compile.h"
#include "codegen/emit/constants.h"
#include "codegen/emit/entries.h"
#include "codegen/emit/kernel_symbols.h"
#include "ir/module.h"

#include <llvm/IR/Module.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace linnet::codegen {

// Adds to `module`, which holds the bodies of the kernels as internal functions: a wrapper for each
// kernel that takes plain addresses, `NAME_run` for each of `entries` (and its twins for bench, if
// asked for), small constants, and a declaration of the blob.
void emit_entries(llvm::Module& module, const KernelSymbols& kernels,
                  std::span<const EntryInfo> entries, const CompileOptions& options,
                  ConstantPool& pool);

// The name of the second object's symbol.
[[nodiscard]] std::string blob_symbol(const CompileOptions& options);

}  // namespace linnet::codegen
