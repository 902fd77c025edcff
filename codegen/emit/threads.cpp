// Emits the way from a kernel to the threads that do its tiles: the product's pool, or one's own.
#include "codegen/emit/threads.h"

#include "codegen/object/object.h"
#include "ir/loop.h"
#include "ir/op_def.h"
#include "passes/schedule/families.h"
#include "support/check.h"

#include "base/abi/pool.h"

#include <algorithm>
#include <cstring>

namespace linnet::codegen {
namespace {

using llvm::Value;

constexpr const char* kParallelFor = "halide_do_par_for";

llvm::GlobalVariable* pool_of(llvm::Module& module, const CompileOptions& options) {
  const std::string name = options.name + "_pool";
  if (auto* known = module.getGlobalVariable(name, true)) return known;
  auto* type = llvm::ArrayType::get(llvm::Type::getInt8Ty(module.getContext()), LINNET_POOL_BYTES);
  auto* pool = new llvm::GlobalVariable(module, type, false, llvm::GlobalValue::InternalLinkage,
                                        llvm::ConstantAggregateZero::get(type), name);
  pool->setAlignment(llvm::Align(LINNET_POOL_ALIGN));
  return pool;
}

// A function of base/pool.cpp.
llvm::FunctionCallee of_pool(llvm::Module& module, const char* name, llvm::Type* result,
                             const std::vector<llvm::Type*>& parameters) {
  auto callee = module.getOrInsertFunction(std::string("linnet_pool_v1_") + name,
                                           llvm::FunctionType::get(result, parameters, false));
  llvm::cast<llvm::Function>(callee.getCallee())
      ->setVisibility(llvm::GlobalValue::HiddenVisibility);
  return callee;
}

void around_call(llvm::IRBuilder<>& b, const CompileOptions& options, const char* name) {
  llvm::Module& module = *b.GetInsertBlock()->getModule();
  b.CreateCall(of_pool(module, name, b.getVoidTy(), {b.getPtrTy()}), {pool_of(module, options)});
}

// The tiles one after the other; the builder then stands behind them.
void loop(llvm::IRBuilder<>& b, llvm::Function* made) {
  llvm::LLVMContext& context = made->getContext();
  auto* entry = b.GetInsertBlock();
  auto* head = llvm::BasicBlock::Create(context, "loop", made);
  auto* body = llvm::BasicBlock::Create(context, "body", made);
  auto* done = llvm::BasicBlock::Create(context, "done", made);
  Value* end = b.CreateAdd(made->getArg(2), made->getArg(3));
  b.CreateBr(head);
  b.SetInsertPoint(head);
  llvm::PHINode* i = b.CreatePHI(b.getInt32Ty(), 2);
  i->addIncoming(made->getArg(2), entry);
  b.CreateCondBr(b.CreateICmpSLT(i, end), body, done);
  b.SetInsertPoint(body);
  b.CreateCall(
      llvm::FunctionType::get(b.getInt32Ty(), {b.getPtrTy(), b.getInt32Ty(), b.getPtrTy()}, false),
      made->getArg(1), {made->getArg(0), i, made->getArg(4)});
  i->addIncoming(b.CreateAdd(i, b.getInt32(1)), body);
  b.CreateBr(head);
  b.SetInsertPoint(done);
}

// If the caller has set one, it does the tiles.
void ask_caller(llvm::IRBuilder<>& b, llvm::Function* made, llvm::GlobalVariable* variable) {
  auto* theirs = llvm::BasicBlock::Create(made->getContext(), "theirs", made);
  auto* ours = llvm::BasicBlock::Create(made->getContext(), "ours", made);
  Value* given = b.CreateLoad(b.getPtrTy(), variable);
  b.CreateCondBr(b.CreateIsNull(given), ours, theirs);
  b.SetInsertPoint(theirs);
  auto* type = llvm::FunctionType::get(
      b.getInt32Ty(), {b.getPtrTy(), b.getInt32Ty(), b.getInt32Ty(), b.getPtrTy()}, false);
  b.CreateRet(b.CreateCall(type, given,
                           {made->getArg(1), made->getArg(2), made->getArg(3), made->getArg(4)}));
  b.SetInsertPoint(ours);
}

std::string stack_symbol(const CompileOptions& options) {
  return options.name + "_thread_bytes";
}

}  // namespace

void emit_tiles(llvm::Module& module, const CompileOptions& options) {
  llvm::LLVMContext& context = module.getContext();
  llvm::GlobalVariable* variable = nullptr;
  if (options.trainer) {
    auto* pointer = llvm::PointerType::getUnqual(context);
    variable = new llvm::GlobalVariable(module, pointer, false, llvm::GlobalValue::InternalLinkage,
                                        llvm::ConstantPointerNull::get(pointer),
                                        options.name + "_parallel_for");
  }
  llvm::Function* made = module.getFunction(kParallelFor);
  if (!made) return;  // no kernel has tiles enough
  made->setLinkage(llvm::GlobalValue::InternalLinkage);
  made->setAttributes({});
  // A kernel's tiles are then a function that is known where it is called.
  if (!options.trainer) made->addFnAttr(llvm::Attribute::AlwaysInline);
  llvm::IRBuilder<> b(llvm::BasicBlock::Create(context, "entry", made));
  if (options.threads > 1) {
    auto* i32 = b.getInt32Ty();
    b.CreateRet(b.CreateCall(
        of_pool(module, "run", i32, {b.getPtrTy(), b.getPtrTy(), i32, i32, b.getPtrTy()}),
        {pool_of(module, options), made->getArg(1), made->getArg(2), made->getArg(3),
         made->getArg(4)}));
    return;
  }
  if (variable) ask_caller(b, made, variable);
  loop(b, made);
  b.CreateRet(b.getInt32(0));
}

void emit_threads(llvm::Module& module, const CompileOptions& options) {
  llvm::LLVMContext& context = module.getContext();
  auto* i32 = llvm::Type::getInt32Ty(context);
  auto* i64 = llvm::Type::getInt64Ty(context);
  const auto function = [&](const char* name, llvm::Type* result,
                            const std::vector<llvm::Type*>& parameters) {
    auto* made =
        llvm::Function::Create(llvm::FunctionType::get(result, parameters, false),
                               llvm::GlobalValue::ExternalLinkage, options.name + name, module);
    llvm::BasicBlock::Create(context, "entry", made);
    return made;
  };
  // Written when the code is there: no optimiser may know it.
  auto* bytes = new llvm::GlobalVariable(module, i64, false, llvm::GlobalValue::ExternalLinkage,
                                         llvm::ConstantInt::get(i64, 1), stack_symbol(options));
  bytes->setVisibility(llvm::GlobalValue::HiddenVisibility);
  llvm::Function* start = function("_threads_start", i32, {i32, i32});
  llvm::IRBuilder<> b(&start->getEntryBlock());
  b.CreateRet(b.CreateCall(of_pool(module, "start", i32, {b.getPtrTy(), i32, i32, i32, i64}),
                           {pool_of(module, options), start->getArg(0),
                            b.getInt32(static_cast<uint32_t>(options.threads)), start->getArg(1),
                            b.CreateLoad(i64, bytes)}));
  b.SetInsertPoint(&function("_threads_stop", b.getVoidTy(), {})->getEntryBlock());
  around_call(b, options, "stop");
  b.CreateRetVoid();
}

void set_thread_bytes(std::vector<std::byte>& object, const CompileOptions& options,
                      int64_t thread_bytes) {
  const std::span<std::byte> place = symbol_data(object, stack_symbol(options));
  LINNET_CHECK(place.size() == sizeof thread_bytes, "the object has no place for a stack's size");
  std::memcpy(place.data(), &thread_bytes, sizeof thread_bytes);
}

bool has_tiles(const ir::Module& module, const ir::Graph& graph) {
  return std::ranges::any_of(graph.nodes(), [&](const ir::Node& node) {
    if (node.op == &ir::ops::loop) return has_tiles(module, ir::body_of(module, node));
    return node.op == &ir::ops::call && passes::has_threads(*module.kernel(node.callee)->schedule);
  });
}

void begin_call(llvm::IRBuilder<>& builder, const CompileOptions& options) {
  around_call(builder, options, "begin");
}

void end_call(llvm::IRBuilder<>& builder, const CompileOptions& options) {
  around_call(builder, options, "end");
}

}  // namespace linnet::codegen
