#include "codegen/product.h"

#include "codegen/records.h"

#include "runtime/abi.h"

namespace linnet::codegen {
namespace {

using llvm::Constant;

// int (const void *const *inputs, void *const *outputs, void *state, void *arena)
llvm::Function* uniform(RecordEmitter& e, const EntryInfo& info) {
  llvm::Module& module = e.module();
  llvm::PointerType* pointer = e.pointer();
  auto* function = llvm::Function::Create(
      llvm::FunctionType::get(llvm::Type::getInt32Ty(module.getContext()),
                              {pointer, pointer, pointer, pointer}, false),
      llvm::GlobalValue::InternalLinkage, info.function + "_uniform", module);
  llvm::IRBuilder<> builder(llvm::BasicBlock::Create(module.getContext(), "entry", function));
  std::vector<llvm::Value*> arguments;
  size_t next[2] = {0, 0};
  for (const EntryParameter& parameter : entry_parameters(info)) {
    if (parameter.kind == EntryParameter::kArena) {
      arguments.push_back(function->getArg(3));
    } else if (parameter.kind == EntryParameter::kSlots) {
      arguments.push_back(function->getArg(2));
    } else {
      const unsigned list = parameter.kind == EntryParameter::kInput ? 0 : 1;
      arguments.push_back(builder.CreateLoad(
          pointer,
          builder.CreateConstInBoundsGEP1_64(pointer, function->getArg(list), next[list]++)));
    }
  }
  builder.CreateRet(builder.CreateCall(module.getFunction(info.function), arguments));
  return function;
}

}  // namespace

void emit_product(llvm::Module& module, std::span<const ir::Module> planned,
                  std::span<const EntryInfo> entries, const CompileOptions& options,
                  int64_t stack_bytes) {
  RecordEmitter e(module, options.name);
  const ir::Module& single = planned.back();
  std::vector<Constant*> records;
  for (const EntryInfo& info : entries) {
    records.push_back(e.record({e.integer(info.batch), uniform(e, info),
                                e.integer(info.arena_bytes), e.integer(stack_bytes)}));
  }
  const Ports ports = ports_of(single);
  Constant* model = e.record({e.integer(LINNET_ABI_VERSION),
                              e.integer(sizeof(linnet_model_v1)),
                              e.text(options.name),
                              e.text(LINNET_VERSION),
                              e.text(options.target.info.name),
                              e.text(options.model_hash),
                              e.text(options.weights_hash),
                              e.integer(options.untrained),
                              module.getFunction(options.name + "_supported"),
                              e.integer(static_cast<int64_t>(records.size())),
                              e.array(records),
                              e.integer(options.batched),
                              e.integer(ConstantPool::kAlign),
                              e.integer(options.flops),
                              e.integer(static_cast<int64_t>(ports.inputs.size())),
                              e.ports(ports.inputs),
                              e.integer(static_cast<int64_t>(ports.outputs.size())),
                              e.ports(ports.outputs),
                              e.integer(0),
                              e.integer(ConstantPool::kAlign),
                              e.null()});
  e.define("linnet_product_model", model, sizeof(linnet_model_v1));
}

}  // namespace linnet::codegen
