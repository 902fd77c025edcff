// The entry functions of a model in LLVM IR: addresses and calls, nothing else.
#pragma once

#include "codegen/compile.h"
#include "codegen/constants.h"
#include "ir/module.h"

#include <llvm/IR/Module.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace linnet::codegen {

// What one batch size of the model asks of its caller.
struct EntryInfo {
  const ir::Graph* graph = nullptr;
  int64_t batch = 1;
  std::string function;  // "lenet_run", "lenet_run_1"
  int64_t arena_bytes = 0;
};

// The entry graph of a planned module, and the bytes of arena its plan takes.
[[nodiscard]] const ir::Graph& entry_graph(const ir::Module& module);
[[nodiscard]] int64_t arena_bytes(const ir::Graph& graph);

// Adds to `module`, which holds the kernels as internal functions named like the IR's: a
// wrapper for each kernel that takes plain addresses, `NAME_run` for each of `entries`, small
// constants, and a declaration of the blob.
void emit_entries(llvm::Module& module, std::span<const ir::Module> planned,
                  std::span<const EntryInfo> entries, const CompileOptions& options,
                  ConstantPool& pool);

// `int NAME_supported(void)`: cpuid and xgetbv, in instructions every x86-64 has.
void emit_supported(llvm::Module& module, const CompileOptions& options);

// The name of the second object's symbol.
[[nodiscard]] std::string blob_symbol(const CompileOptions& options);

}  // namespace linnet::codegen
