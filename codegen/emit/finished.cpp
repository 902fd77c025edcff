// Finds the last kernel that touches each output of a shard, and emits calls behind it.
#include "codegen/emit/finished.h"

#include "ir/loop.h"
#include "ir/op_def.h"
#include "passes/lib/shard_block.h"

#include <llvm/IR/Module.h>

#include <algorithm>

namespace linnet::codegen {
namespace {

// Which output's memory a value lies in; −1 for none.
int64_t output_of(const ir::Graph& graph, ir::ValueId id) {
  const auto& storage = graph.value(id).storage;
  return storage && storage->memory == ir::Memory::kOutput ? storage->offset : -1;
}

}  // namespace

std::vector<int64_t> finished_from(const ir::Graph& shard_step) {
  const passes::BlockLayout layout = passes::block_layout(shard_step);
  std::vector<size_t> touched(layout.offsets.size());  // by output: calls up to its last one
  size_t count = 0;
  for (const ir::Node& node : shard_step.nodes()) {
    // What shards sum is copied before the next call.
    const bool sum = node.op == &ir::ops::shard_sum;
    if (!ir::is_call(node) && !sum) continue;
    if (!sum) ++count;
    for (const auto* values : {&node.operands, &node.results}) {
      for (const ir::ValueId id : *values) {
        if (const int64_t output = output_of(shard_step, id); output >= 0)
          touched[static_cast<size_t>(output)] = count;
      }
    }
  }
  std::vector<int64_t> from(count, -1);
  size_t unfinished = touched.size();
  for (size_t i = 0; i < count; ++i) {
    while (unfinished > 0 && touched[unfinished - 1] != 0 && touched[unfinished - 1] <= i)
      --unfinished;
    if (unfinished < touched.size()) from[i] = layout.offsets[unfinished];
  }
  return from;
}

std::string finished_symbol(const CompileOptions& options) {
  return options.name + "_finished";
}

void emit_finished(llvm::IRBuilder<>& builder, llvm::Module& module, const CompileOptions& options,
                   llvm::Value* block, int64_t from) {
  llvm::LLVMContext& context = module.getContext();
  auto* pointer = builder.getPtrTy();
  auto* variable = module.getGlobalVariable(finished_symbol(options), true);
  if (!variable) {
    variable =
        new llvm::GlobalVariable(module, pointer, false, llvm::GlobalValue::InternalLinkage,
                                 llvm::ConstantPointerNull::get(pointer), finished_symbol(options));
  }
  llvm::Function* function = builder.GetInsertBlock()->getParent();
  auto* told = llvm::BasicBlock::Create(context, "told", function);
  auto* next = llvm::BasicBlock::Create(context, "next", function);
  llvm::Value* listener = builder.CreateLoad(pointer, variable);
  builder.CreateCondBr(builder.CreateIsNull(listener), next, told);
  builder.SetInsertPoint(told);
  auto* type = llvm::FunctionType::get(builder.getVoidTy(), {pointer, builder.getInt64Ty()}, false);
  builder.CreateCall(type, listener, {block, builder.getInt64(static_cast<uint64_t>(from))});
  builder.CreateBr(next);
  builder.SetInsertPoint(next);
}

}  // namespace linnet::codegen
