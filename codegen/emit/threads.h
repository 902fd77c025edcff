// Who does the tiles of kernels that are split among threads.
#pragma once

#include "codegen/emit/emit.h"

#include <llvm/IR/IRBuilder.h>

namespace linnet::codegen {

// Defines what kernels call, halide_do_par_for(context, tile, min, count, closure). In a trainer
// the variable NAME_parallel_for holds the caller's linnet_parallel_for_v1; with options.threads
// above 1 the product's pool does it (base/abi/pool.h); else, and of a trainer without a caller's,
// it is a loop.
void emit_tiles(llvm::Module& module, const CompileOptions& options);

// NAME_threads_start(count, spin) and NAME_threads_stop(). Before emit_product, which names them.
void emit_threads(llvm::Module& module, const CompileOptions& options);
// Writes into a finished object what a thread's stack is.
void set_thread_bytes(std::vector<std::byte>& object, const CompileOptions& options,
                      int64_t thread_bytes);

// Does one of its kernels split its tiles?
[[nodiscard]] bool has_tiles(const ir::Module& module, const ir::Graph& graph);
// Ahead of the first and behind the last kernel of such an entry.
void begin_call(llvm::IRBuilder<>& builder, const CompileOptions& options);
void end_call(llvm::IRBuilder<>& builder, const CompileOptions& options);

}  // namespace linnet::codegen
