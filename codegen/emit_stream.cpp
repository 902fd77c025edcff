#include "codegen/emit_stream.h"

#include "codegen/hash.h"

#include "ir/initialize.h"
#include "passes/storage.h"
#include "runtime/abi.h"
#include "support/check.h"

#include <llvm/IR/IRBuilder.h>

#include <array>
#include <cstring>

namespace linnet::codegen {
namespace {

using llvm::Value;

constexpr size_t kTagBytes = 32;
using Tag = std::array<uint64_t, kTagBytes / 8>;

// What a state begins with: SHA-256 of the model, its weights and the state's layout.
Tag tag_of(const ir::Module& module, const CompileOptions& options) {
  std::string text = options.model_hash + ' ' + options.weights_hash;
  for (const ir::Slot& slot : module.slots)
    text += ' ' + slot.path + ' ' + to_string(slot.type);
  const std::string hash = sha256(text);
  Tag tag;
  for (size_t i = 0; i < tag.size(); ++i)
    tag[i] = std::stoull(hash.substr(16 * i, 16), nullptr, 16);
  return tag;
}

// The whole state before the first step.
std::vector<uint8_t> first_state(const ir::Module& module, const CompileOptions& options) {
  std::vector<uint8_t> bytes(static_cast<size_t>(passes::slots_bytes(module)));
  const Tag tag = tag_of(module, options);
  std::memcpy(bytes.data(), tag.data(), kTagBytes);
  for (size_t i = 0; i < module.slots.size(); ++i) {
    const ir::Slot& slot = module.slots[i];
    const ir::Tensor value = ir::initial_value(slot, options.seed, static_cast<uint32_t>(i));
    std::memcpy(bytes.data() + passes::slot_offset(module, slot.path), value.bytes().data(),
                value.bytes().size());
  }
  return bytes;
}

class StreamEmitter {
public:
  StreamEmitter(llvm::Module& module, const EntryInfo& step, const CompileOptions& options)
      : module_(module), step_(step), options_(options), b_(module.getContext()),
        pointer_(b_.getPtrTy()) {}

  void steps() {
    const std::vector<EntryParameter> parameters = entry_parameters(step_);
    llvm::Function* step = module_.getFunction(step_.function);
    // Before state and arena, which come last, stands the count.
    std::vector<llvm::Type*> types(parameters.size() + 1, pointer_);
    const auto count_at = static_cast<unsigned>(parameters.size() - 2);
    types[count_at] = b_.getInt64Ty();
    llvm::Function* function = make("_steps", b_.getInt32Ty(), types);
    auto* loop = block(function, "loop");
    auto* more = block(function, "more");
    auto* done = block(function, "done");
    auto* failed = block(function, "failed");
    llvm::BasicBlock* entry = b_.GetInsertBlock();
    Value* count = function->getArg(count_at);
    b_.CreateCondBr(b_.CreateICmpSGT(count, b_.getInt64(0)), loop, done);
    b_.SetInsertPoint(loop);
    auto* t = b_.CreatePHI(b_.getInt64Ty(), 2);
    t->addIncoming(b_.getInt64(0), entry);
    std::vector<Value*> arguments;
    for (unsigned i = 0; i < parameters.size(); ++i) {
      const EntryParameter& parameter = parameters[i];
      const bool data =
          parameter.kind == EntryParameter::kInput || parameter.kind == EntryParameter::kOutput;
      Value* argument = function->getArg(i < count_at ? i : i + 1);
      if (data) {
        Value* offset = b_.CreateMul(t, b_.getInt64(static_cast<uint64_t>(bytes(parameter))));
        argument = b_.CreateInBoundsGEP(b_.getInt8Ty(), argument, offset);
      }
      arguments.push_back(argument);
    }
    Value* status = b_.CreateCall(step, arguments);
    b_.CreateCondBr(b_.CreateICmpEQ(status, b_.getInt32(LINNET_DONE)), more, failed);
    b_.SetInsertPoint(more);
    Value* next = b_.CreateNUWAdd(t, b_.getInt64(1));
    t->addIncoming(next, more);
    b_.CreateCondBr(b_.CreateICmpSLT(next, count), loop, done);
    b_.SetInsertPoint(done);
    b_.CreateRet(b_.getInt32(LINNET_DONE));
    b_.SetInsertPoint(failed);
    b_.CreateRet(status);
  }

  void reset() {
    const std::vector<uint8_t> bytes = first_state(*step_.module, options_);
    llvm::Function* function = make("_reset", b_.getVoidTy(), {pointer_});
    Value* state = function->getArg(0);
    const bool zeros =
        std::all_of(bytes.begin() + kTagBytes, bytes.end(), [](uint8_t byte) { return byte == 0; });
    if (zeros) {
      b_.CreateMemSet(state, b_.getInt8(0), bytes.size(), align());
      const Tag tag = tag_of(*step_.module, options_);
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
    const Tag tag = tag_of(*step_.module, options_);
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
  // Of what one step reads or writes there.
  [[nodiscard]] int64_t bytes(const EntryParameter& parameter) const {
    const ir::Graph& graph = *step_.graph;
    const ir::ValueId value = parameter.kind == EntryParameter::kInput
                                  ? graph.inputs[parameter.index].value
                                  : graph.outputs[parameter.index].value;
    ir::Type type = graph.value(value).type;
    type.layout = {};
    return type.stored_bytes();
  }

  llvm::Module& module_;
  const EntryInfo& step_;
  const CompileOptions& options_;
  llvm::IRBuilder<> b_;
  llvm::PointerType* pointer_;
};

}  // namespace

void emit_stream(llvm::Module& module, const EntryInfo& step, const CompileOptions& options) {
  StreamEmitter emitter(module, step, options);
  emitter.steps();
  emitter.reset();
  emitter.state_check();
}

int64_t warmup_steps(const ir::Module& module, const ir::Graph& step) {
  if (&step == &module.graphs.front()) return 0;  // the model's own state
  int64_t most = 0;
  for (const ir::GraphInput& input : step.inputs) {
    if (!input.slot.empty()) most = std::max(most, step.value(input.value).type.elements() - 1);
  }
  return most;
}

}  // namespace linnet::codegen
