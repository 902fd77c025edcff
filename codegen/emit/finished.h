// When the numbers that a shard of a training step leaves are final: a call in the middle of the
// step, so that they can be sent while it goes on.
#pragma once

#include "codegen/emit/compile.h"
#include "ir/graph.h"

#include <llvm/IR/IRBuilder.h>

#include <cstdint>
#include <string>
#include <vector>

namespace linnet::codegen {

// Ahead of call i of @shard_step's calls and loops: the byte of its block from which on nothing is
// written or read any more, −1 where there is none yet. It is told ahead of each call that follows,
// since whoever sends looks after messages then; not at the end, when all is final.
[[nodiscard]] std::vector<int64_t> finished_from(const ir::Graph& shard_step);

// The variable that holds the caller's linnet_finished_v1.
[[nodiscard]] std::string finished_symbol(const CompileOptions& options);
// Calls that function, if there is one, with `block` and `from`.
void emit_finished(llvm::IRBuilder<>& builder, llvm::Module& module, const CompileOptions& options,
                   llvm::Value* block, int64_t from);

}  // namespace linnet::codegen
