#include "codegen/product.h"

#include "codegen/emit_stream.h"
#include "codegen/records.h"

#include "passes/storage.h"

#include "runtime/abi.h"
#include "support/check.h"

namespace linnet::codegen {
namespace {

using llvm::Constant;

// A function of the model's, declared here.
llvm::Function* declared(RecordEmitter& e, const llvm::Module& model, const std::string& name) {
  const llvm::Function* function = model.getFunction(name);
  LINNET_CHECK(function != nullptr, "no function " + name);
  auto callee = e.module().getOrInsertFunction(name, function->getFunctionType());
  return llvm::cast<llvm::Function>(callee.getCallee());
}

// int (const void *const *inputs, void *const *outputs, [int64_t count,] void *state, void *arena)
llvm::Function* uniform(RecordEmitter& e, const llvm::Module& model, const EntryInfo& info,
                        const std::string& function_name, bool counted) {
  llvm::Module& module = e.module();
  llvm::PointerType* pointer = e.pointer();
  const std::string name = function_name + "_uniform";
  if (llvm::Function* known = module.getFunction(name)) return known;
  std::vector<llvm::Type*> types(counted ? 5 : 4, pointer);
  if (counted) types[2] = llvm::Type::getInt64Ty(module.getContext());
  auto* function = llvm::Function::Create(
      llvm::FunctionType::get(llvm::Type::getInt32Ty(module.getContext()), types, false),
      llvm::GlobalValue::InternalLinkage, name, module);
  llvm::IRBuilder<> builder(llvm::BasicBlock::Create(module.getContext(), "entry", function));
  const unsigned state = counted ? 3 : 2;
  std::vector<llvm::Value*> arguments;
  size_t next[2] = {0, 0};
  for (const EntryParameter& parameter : entry_parameters(info)) {
    if (parameter.kind == EntryParameter::kArena) {
      arguments.push_back(function->getArg(state + 1));
    } else if (parameter.kind == EntryParameter::kSlots) {
      if (counted) arguments.push_back(function->getArg(2));
      arguments.push_back(function->getArg(state));
    } else {
      const unsigned list = parameter.kind == EntryParameter::kInput ? 0 : 1;
      arguments.push_back(builder.CreateLoad(
          pointer,
          builder.CreateConstInBoundsGEP1_64(pointer, function->getArg(list), next[list]++)));
    }
  }
  builder.CreateRet(builder.CreateCall(declared(e, model, function_name), arguments));
  return function;
}

Constant* stream(RecordEmitter& e, const llvm::Module& model, const EntryInfo& step,
                 const CompileOptions& options) {
  return e.global(
      e.record({uniform(e, model, step, step.function, false),
                uniform(e, model, step, options.name + "_steps", true),
                declared(e, model, options.name + "_reset"),
                declared(e, model, options.name + "_state_check"),
                e.integer(passes::slots_bytes(*step.module)), e.integer(step.arena_bytes),
                e.integer(warmup_steps(*step.module, *step.graph))}));
}

}  // namespace

void emit_product(llvm::Module& module, const llvm::Module& model,
                  std::span<const ir::Module> planned, std::span<const EntryInfo> entries,
                  const CompileOptions& options, int64_t stack_bytes) {
  RecordEmitter e(module, options.name);
  const ir::Module& single = planned.back();
  std::vector<Constant*> records;
  const EntryInfo* step = nullptr;
  for (const EntryInfo& info : entries) {
    const bool steps = info.graph->name == "step";
    if (steps) step = &info;
    if (steps && entries.size() > 1) continue;
    records.push_back(
        e.record({e.integer(info.batch), uniform(e, model, info, info.function, false),
                  e.integer(info.arena_bytes), e.integer(stack_bytes)}));
  }
  const Ports ports = ports_of(single);
  Constant* record = e.record({e.integer(LINNET_ABI_VERSION),
                               e.integer(sizeof(linnet_model_v1)),
                               e.text(options.name),
                               e.text(LINNET_VERSION),
                               e.text(options.target.info.name),
                               e.text(options.model_hash),
                               e.text(options.weights_hash),
                               e.integer(options.untrained),
                               declared(e, model, options.name + "_supported"),
                               e.integer(static_cast<int64_t>(records.size())),
                               e.array(records),
                               e.integer(options.batched),
                               e.integer(ConstantPool::kAlign),
                               e.integer(options.flops),
                               e.integer(static_cast<int64_t>(ports.inputs.size())),
                               e.ports(ports.inputs),
                               e.integer(static_cast<int64_t>(ports.outputs.size())),
                               e.ports(ports.outputs),
                               step ? stream(e, model, *step, options) : e.null(),
                               e.integer(step && entries.size() == 1)});
  e.define("linnet_product_model", record, sizeof(linnet_model_v1));
}

}  // namespace linnet::codegen
