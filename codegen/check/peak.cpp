// One core's roofs in generated code: chains of multiply-adds, and a loop of loads.
#include "codegen/check/peak.h"

#include "codegen/emit/compile.h"
#include "codegen/object/import.h"
#include "codegen/object/object.h"

#include "support/check.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Intrinsics.h>

namespace linnet::codegen {
namespace {

constexpr int kChains = 12;  // latency 4–5 cycles, two pipes: ten or more keep both busy

// void peak(i64 steps, float *out): kChains vectors x = x · a + a, steps times.
void emit_loop(llvm::Module& module, const Target& target, int64_t lanes) {
  llvm::LLVMContext& context = module.getContext();
  llvm::IRBuilder<> b(context);
  auto* i64 = b.getInt64Ty();
  auto* vector = llvm::FixedVectorType::get(b.getFloatTy(), static_cast<unsigned>(lanes));
  auto* function =
      llvm::Function::Create(llvm::FunctionType::get(b.getVoidTy(), {i64, b.getPtrTy()}, false),
                             llvm::GlobalValue::ExternalLinkage, "linnet_peak", module);
  auto* entry = llvm::BasicBlock::Create(context, "entry", function);
  auto* loop = llvm::BasicBlock::Create(context, "loop", function);
  auto* done = llvm::BasicBlock::Create(context, "done", function);
  b.SetInsertPoint(entry);
  llvm::Value* start = b.CreateVectorSplat(static_cast<unsigned>(lanes),
                                           b.CreateLoad(b.getFloatTy(), function->getArg(1)));
  b.CreateBr(loop);
  b.SetInsertPoint(loop);
  auto* step = b.CreatePHI(i64, 2);
  step->addIncoming(b.getInt64(0), entry);
  std::vector<llvm::PHINode*> chains;
  for (int i = 0; i < kChains; ++i) {
    chains.push_back(b.CreatePHI(vector, 2));
    chains.back()->addIncoming(
        b.CreateInsertElement(start, llvm::ConstantFP::get(b.getFloatTy(), i), uint64_t{0}), entry);
  }
  // A start in the entry block: the inserts above stand between the phis.
  for (llvm::PHINode* chain : chains) {
    auto* insert = llvm::cast<llvm::Instruction>(chain->getIncomingValue(0));
    insert->moveBefore(entry->getTerminator()->getIterator());
  }
  std::vector<llvm::Value*> next;
  for (llvm::PHINode* chain : chains) {
    llvm::Value* value =
        target.info.fma ? b.CreateIntrinsic(llvm::Intrinsic::fma, {vector}, {chain, start, start})
                        : b.CreateFAdd(b.CreateFMul(chain, start), start);
    chain->addIncoming(value, loop);
    next.push_back(value);
  }
  llvm::Value* count = b.CreateAdd(step, b.getInt64(1));
  step->addIncoming(count, loop);
  b.CreateCondBr(b.CreateICmpSLT(count, function->getArg(0)), loop, done);
  b.SetInsertPoint(done);
  llvm::Value* sum = next.front();
  for (size_t i = 1; i < next.size(); ++i)
    sum = b.CreateFAdd(sum, next[i]);
  b.CreateStore(b.CreateExtractElement(sum, uint64_t{0}), function->getArg(1));
  b.CreateRetVoid();
}

// void read(const void *memory, i64 bytes, void *out): ORs all vectors of memory together, in
// eight chains so that loads and not the ORs are the limit.
void emit_read(llvm::Module& module, int64_t vector_bytes) {
  constexpr unsigned kAccumulators = 8;
  llvm::LLVMContext& context = module.getContext();
  llvm::IRBuilder<> b(context);
  auto* i64 = b.getInt64Ty();
  auto* vector = llvm::FixedVectorType::get(i64, static_cast<unsigned>(vector_bytes / 8));
  auto* function = llvm::Function::Create(
      llvm::FunctionType::get(b.getVoidTy(), {b.getPtrTy(), i64, b.getPtrTy()}, false),
      llvm::GlobalValue::ExternalLinkage, "linnet_read", module);
  auto* entry = llvm::BasicBlock::Create(context, "entry", function);
  auto* loop = llvm::BasicBlock::Create(context, "loop", function);
  auto* done = llvm::BasicBlock::Create(context, "done", function);
  b.SetInsertPoint(entry);
  b.CreateBr(loop);
  b.SetInsertPoint(loop);
  auto* at = b.CreatePHI(i64, 2);
  at->addIncoming(b.getInt64(0), entry);
  std::vector<llvm::PHINode*> sums;
  std::vector<llvm::Value*> next;
  for (unsigned i = 0; i < kAccumulators; ++i) {
    sums.push_back(b.CreatePHI(vector, 2));
    sums.back()->addIncoming(llvm::Constant::getNullValue(vector), entry);
    next.push_back(sums.back());
  }
  llvm::Value* block = b.CreateInBoundsGEP(b.getInt8Ty(), function->getArg(0), at);
  const auto loads = static_cast<unsigned>(ReadLoop::kStep / vector_bytes);
  for (unsigned i = 0; i < loads; ++i) {
    llvm::Value* address =
        b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), block, i * static_cast<uint64_t>(vector_bytes));
    llvm::Value*& sum = next[i % kAccumulators];
    sum = b.CreateOr(sum, b.CreateAlignedLoad(vector, address,
                                              llvm::Align(static_cast<uint64_t>(vector_bytes))));
  }
  for (unsigned i = 0; i < kAccumulators; ++i)
    sums[i]->addIncoming(next[i], loop);
  llvm::Value* end = b.CreateAdd(at, b.getInt64(ReadLoop::kStep));
  at->addIncoming(end, loop);
  b.CreateCondBr(b.CreateICmpSLT(end, function->getArg(1)), loop, done);
  b.SetInsertPoint(done);
  llvm::Value* sum = next.front();
  for (unsigned i = 1; i < kAccumulators; ++i)
    sum = b.CreateOr(sum, next[i]);
  b.CreateStore(b.CreateExtractElement(sum, uint64_t{0}), function->getArg(2));
  b.CreateRetVoid();
}

// The module's object, loaded.
std::unique_ptr<Loaded> loaded(llvm::Module& module, const Target& target) {
  set_target_attributes(module, target);
  Compiled compiled;
  compiled.object = emit_object(module, target);
  auto code = load(compiled);
  LINNET_CHECK(code.has_value(), code.error().message);
  return *std::move(code);
}

}  // namespace

PeakLoop::PeakLoop(const Target& target) : lanes_(target.info.lanes(sizeof(float))) {
  llvm::LLVMContext context;
  llvm::Module module("peak", context);
  emit_loop(module, target, lanes_);
  code_ = loaded(module, target);
  loop_ = reinterpret_cast<void (*)(int64_t, float*)>(code_->symbol("linnet_peak"));
}

PeakLoop::~PeakLoop() = default;

void PeakLoop::run(int64_t steps) const {
  float value = 0.5F;
  loop_(steps, &value);
}

int64_t PeakLoop::flops(int64_t steps) const {
  return steps * kChains * lanes_ * 2;
}

ReadLoop::ReadLoop(const Target& target) {
  llvm::LLVMContext context;
  llvm::Module module("read", context);
  emit_read(module, target.info.lanes(sizeof(float)) * static_cast<int64_t>(sizeof(float)));
  code_ = loaded(module, target);
  loop_ = reinterpret_cast<void (*)(const void*, int64_t, void*)>(code_->symbol("linnet_read"));
}

ReadLoop::~ReadLoop() = default;

void ReadLoop::run(const void* memory, int64_t bytes) const {
  int64_t out = 0;
  loop_(memory, bytes, &out);
}

}  // namespace linnet::codegen
