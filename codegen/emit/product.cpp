// Emits the constant record that links the generated code to the executable's `main`.
#include "codegen/emit/product.h"

#include "codegen/emit/emit_stream.h"
#include "codegen/emit/first_state.h"
#include "codegen/emit/records.h"
#include "codegen/object/object.h"
#include "ir/entries.h"

#include "passes/lib/storage.h"

#include "base/abi/model.h"
#include "support/check.h"

#include <cstddef>
#include <cstring>

namespace linnet::codegen {
namespace {

using llvm::Constant;

constexpr const char* kEntries = "linnet_product_entries";

// int (const void *const *inputs, void *const *outputs, [int64_t count,] void *state, void *arena)
llvm::Function* uniform(RecordEmitter& e, const EntryInfo& info, const std::string& function_name,
                        bool counted) {
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
  builder.CreateRet(builder.CreateCall(module.getFunction(function_name), arguments));
  return function;
}

Constant* stream(RecordEmitter& e, const EntryInfo& step, const CompileOptions& options) {
  return e.global(e.record(
      {uniform(e, step, step.function, false), uniform(e, step, options.name + "_steps", true),
       e.module().getFunction(options.name + "_reset"),
       e.module().getFunction(options.name + "_state_check"),
       e.integer(passes::slots_bytes(*step.module)), e.integer(step.arena_bytes),
       e.integer(warmup_steps(*step.module, *step.graph))}));
}

Constant* threads(RecordEmitter& e, const CompileOptions& options) {
  const auto function = [&](const char* name) {
    return e.module().getFunction(options.name + name);
  };
  return e.global(e.record(
      {e.integer(options.threads), function("_threads_start"), function("_threads_stop")}));
}

}  // namespace

void emit_product(llvm::Module& module, std::span<const ir::Module> planned,
                  std::span<const EntryInfo> entries, const CompileOptions& options,
                  int64_t stack_bytes) {
  RecordEmitter e(module, options.name);
  const ir::Module& single = planned.back();
  std::vector<Constant*> records;
  const EntryInfo* step = nullptr;
  for (const EntryInfo& info : entries) {
    const bool steps = info.graph->name == ir::kStep;
    if (steps) step = &info;
    if (steps && entries.size() > 1) continue;
    records.push_back(e.record({e.integer(info.batch), uniform(e, info, info.function, false),
                                e.integer(info.arena_bytes), e.integer(stack_bytes)}));
  }
  const Ports ports = ports_of(single);
  Constant* list = llvm::ConstantArray::get(
      llvm::ArrayType::get(records.front()->getType(), records.size()), records);
  const ir::Declaration* loss = single.training("loss");
  Constant* model =
      e.record({e.integer(LINNET_ABI_VERSION),
                e.integer(sizeof(linnet_model_v1)),
                e.text(options.name),
                e.text(LINNET_VERSION),
                e.text(options.target.info.name),
                e.text(options.model_hash),
                e.text(options.weights_hash),
                e.integer(options.untrained),
                module.getFunction(options.name + "_supported"),
                e.integer(static_cast<int64_t>(records.size())),
                e.define(kEntries, list, records.size() * sizeof(linnet_entry_v1)),
                e.integer(options.batched),
                e.integer(ConstantPool::kAlign),
                e.integer(options.flops),
                e.integer(static_cast<int64_t>(ports.inputs.size())),
                e.ports(ports.inputs),
                e.integer(static_cast<int64_t>(ports.outputs.size())),
                e.ports(ports.outputs),
                step ? stream(e, *step, options) : e.null(),
                e.integer(step && entries.size() == 1),
                loss ? e.text(loss->recipe.attrs.get(ir::Key<std::string>{"text"})) : e.null(),
                options.threads > 1 ? threads(e, options) : e.null()});
  e.define("linnet_product_model", model, sizeof(linnet_model_v1));
}

void set_product_stack(std::vector<std::byte>& object, int64_t stack_bytes) {
  const std::span<std::byte> entries = symbol_data(object, kEntries);
  LINNET_CHECK(!entries.empty() && entries.size() % sizeof(linnet_entry_v1) == 0,
               "the object's entries are not where they were");
  for (size_t at = 0; at < entries.size(); at += sizeof(linnet_entry_v1)) {
    std::memcpy(&entries[at + offsetof(linnet_entry_v1, stack_bytes)], &stack_bytes,
                sizeof stack_bytes);
  }
}

}  // namespace linnet::codegen
