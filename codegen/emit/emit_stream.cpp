// Emits reset, steps, and saving and loading of the state, of a model that has one.
#include "codegen/emit/emit_stream.h"

#include "codegen/emit/first_state.h"
#include "codegen/object/flush_denormals.h"

#include "base/abi/model.h"

#include <llvm/IR/IRBuilder.h>

#include <algorithm>

namespace linnet::codegen {
namespace {

using llvm::Value;

class StreamEmitter {
public:
  StreamEmitter(llvm::Module& module, const EntryInfo& step, const CompileOptions& options)
      : module_(module), step_(step), options_(options), b_(module.getContext()),
        pointer_(b_.getPtrTy()) {}

  void reset() {
    const std::vector<uint8_t> bytes = first_state(*step_.module, options_);
    llvm::Function* function = make("_reset", b_.getVoidTy(), {pointer_});
    Value* state = function->getArg(0);
    const bool zeros = std::all_of(bytes.begin() + kStateTagBytes, bytes.end(),
                                   [](uint8_t byte) { return byte == 0; });
    if (zeros) {
      b_.CreateMemSet(state, b_.getInt8(0), bytes.size(), align());
      const StateTag tag = state_tag(*step_.module, options_);
      for (size_t i = 0; i < tag.size(); ++i)
        b_.CreateAlignedStore(b_.getInt64(tag[i]), word(state, i), llvm::Align(8));
    } else {
      auto* data = llvm::ConstantDataArray::get(module_.getContext(), llvm::ArrayRef(bytes));
      auto* image = new llvm::GlobalVariable(module_, data->getType(), true,
                                             llvm::GlobalValue::InternalLinkage, data,
                                             options_.name + "_first_state");
      image->setAlignment(align());
      b_.CreateMemCpy(state, align(), image, align(), bytes.size());
    }
    b_.CreateRetVoid();
  }

  void state_check() {
    llvm::Function* function = make("_state_check", b_.getInt32Ty(), {pointer_});
    Value* state = function->getArg(0);
    auto* look = block(function, "look");
    auto* bad = block(function, "bad");
    auto* good = block(function, "good");
    Value* low = b_.CreateAnd(b_.CreatePtrToInt(state, b_.getInt64Ty()), align().value() - 1);
    b_.CreateCondBr(b_.CreateOr(b_.CreateIsNull(state), b_.CreateIsNotNull(low)), bad, look);
    b_.SetInsertPoint(look);
    const StateTag tag = state_tag(*step_.module, options_);
    Value* differs = b_.getFalse();
    for (size_t i = 0; i < tag.size(); ++i) {
      Value* found = b_.CreateAlignedLoad(b_.getInt64Ty(), word(state, i), llvm::Align(8));
      differs = b_.CreateOr(differs, b_.CreateICmpNE(found, b_.getInt64(tag[i])));
    }
    b_.CreateCondBr(differs, bad, good);
    b_.SetInsertPoint(bad);
    b_.CreateRet(b_.getInt32(static_cast<uint32_t>(LINNET_STATE_INVALID)));
    b_.SetInsertPoint(good);
    b_.CreateRet(b_.getInt32(LINNET_DONE));
  }

private:
  static llvm::Align align() { return llvm::Align(ConstantPool::kAlign); }
  Value* word(Value* state, size_t index) {
    return b_.CreateConstInBoundsGEP1_64(b_.getInt64Ty(), state, index);
  }
  static llvm::BasicBlock* block(llvm::Function* function, const char* name) {
    return llvm::BasicBlock::Create(function->getContext(), name, function);
  }
  llvm::Function* make(const char* suffix, llvm::Type* result,
                       const std::vector<llvm::Type*>& types) {
    auto* function =
        llvm::Function::Create(llvm::FunctionType::get(result, types, false),
                               llvm::GlobalValue::ExternalLinkage, options_.name + suffix, module_);
    for (unsigned i = 0; i < types.size(); ++i) {
      if (types[i] == pointer_) function->addParamAttr(i, llvm::Attribute::NoAlias);
    }
    b_.SetInsertPoint(block(function, "entry"));
    return function;
  }
  llvm::Module& module_;
  const EntryInfo& step_;
  const CompileOptions& options_;
  llvm::IRBuilder<> b_;
  llvm::PointerType* pointer_;
};

}  // namespace

void emit_steps(llvm::Function* step, const std::string& name, const std::vector<int64_t>& strides,
                const CompileOptions& options) {
  llvm::IRBuilder<> b(step->getContext());
  // Before state and arena, which come last, stands the count.
  const auto count_at = static_cast<unsigned>(strides.size());
  std::vector<llvm::Type*> types(strides.size() + 3, b.getPtrTy());
  types[count_at] = b.getIntNTy(static_cast<unsigned>(8 * options.target.record.pointer_bytes));
  auto* function =
      llvm::Function::Create(llvm::FunctionType::get(b.getInt32Ty(), types, false),
                             llvm::GlobalValue::ExternalLinkage, name, step->getParent());
  for (unsigned i = 0; i < types.size(); ++i) {
    if (i != count_at) function->addParamAttr(i, llvm::Attribute::NoAlias);
  }
  const auto block = [&](const char* label) {
    return llvm::BasicBlock::Create(function->getContext(), label, function);
  };
  auto* entry = block("entry");
  auto* loop = block("loop");
  auto* more = block("more");
  auto* done = block("done");
  auto* failed = block("failed");
  b.SetInsertPoint(entry);
  Value* count = b.CreateSExt(function->getArg(count_at), b.getInt64Ty());
  b.CreateCondBr(b.CreateICmpSGT(count, b.getInt64(0)), loop, done);
  b.SetInsertPoint(loop);
  auto* t = b.CreatePHI(b.getInt64Ty(), 2);
  t->addIncoming(b.getInt64(0), entry);
  std::vector<Value*> arguments;
  for (unsigned i = 0; i < strides.size(); ++i) {
    Value* offset = b.CreateMul(t, b.getInt64(static_cast<uint64_t>(strides[i])));
    arguments.push_back(b.CreateInBoundsGEP(b.getInt8Ty(), function->getArg(i), offset));
  }
  arguments.push_back(function->getArg(count_at + 1));
  arguments.push_back(function->getArg(count_at + 2));
  Value* status = b.CreateCall(step, arguments);
  b.CreateCondBr(b.CreateICmpEQ(status, b.getInt32(LINNET_DONE)), more, failed);
  b.SetInsertPoint(more);
  Value* next = b.CreateNUWAdd(t, b.getInt64(1));
  t->addIncoming(next, more);
  b.CreateCondBr(b.CreateICmpSLT(next, count), loop, done);
  b.SetInsertPoint(done);
  b.CreateRet(b.getInt32(LINNET_DONE));
  b.SetInsertPoint(failed);
  b.CreateRet(status);
}

void emit_stream(llvm::Module& module, const EntryInfo& step, const CompileOptions& options) {
  std::vector<int64_t> strides;
  const ir::Graph& graph = *step.graph;
  const auto add = [&](ir::ValueId value) {
    ir::Type type = graph.value(value).type;
    type.layout = {};
    strides.push_back(type.stored_bytes());
  };
  for (const EntryParameter& parameter : entry_parameters(step)) {
    if (parameter.kind == EntryParameter::kInput) add(graph.inputs[parameter.index].value);
    if (parameter.kind == EntryParameter::kOutput) add(graph.outputs[parameter.index].value);
  }
  const std::string steps = options.name + "_steps";
  emit_steps(body_of(module, step.function), steps, strides, options);
  if (options.flush_denormals)
    flush_denormals(module, steps, options.target.record);  // once for all steps
  StreamEmitter emitter(module, step, options);
  emitter.reset();
  emitter.state_check();
}

}  // namespace linnet::codegen
