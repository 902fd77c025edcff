// Flush-to-zero and denormals-are-zero around an entry (Intel SDM, volume 1, 10.2.3: bits 15 and 6
// of MXCSR).
#include "codegen/object/flush_denormals.h"

#include "support/check.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicsX86.h>

namespace linnet::codegen {
namespace {

constexpr uint32_t kFlush = 1u << 15 | 1u << 6;

}  // namespace

void flush_denormals(llvm::Module& module, const std::string& name) {
  llvm::Function* body = module.getFunction(name);
  LINNET_CHECK(body != nullptr, "no function " + name);
  body->setName(name + "_body");
  auto* entry = llvm::Function::Create(body->getFunctionType(), body->getLinkage(), name, module);
  entry->copyAttributesFrom(body);
  body->replaceAllUsesWith(entry);
  body->setLinkage(llvm::GlobalValue::InternalLinkage);
  // Inlined, its arithmetic would be free to move past the instructions that set MXCSR.
  body->addFnAttr(llvm::Attribute::NoInline);
  llvm::IRBuilder<> b(llvm::BasicBlock::Create(module.getContext(), "entry", entry));
  auto* before = b.CreateAlloca(b.getInt32Ty());
  auto* during = b.CreateAlloca(b.getInt32Ty());
  b.CreateIntrinsic(llvm::Intrinsic::x86_sse_stmxcsr, {before});
  b.CreateStore(b.CreateOr(b.CreateLoad(b.getInt32Ty(), before), kFlush), during);
  b.CreateIntrinsic(llvm::Intrinsic::x86_sse_ldmxcsr, {during});
  std::vector<llvm::Value*> arguments;
  for (llvm::Argument& argument : entry->args())
    arguments.push_back(&argument);
  llvm::Value* status = b.CreateCall(body, arguments);
  b.CreateIntrinsic(llvm::Intrinsic::x86_sse_ldmxcsr, {before});
  b.CreateRet(status);
}

llvm::Function* body_of(llvm::Module& module, const std::string& name) {
  llvm::Function* body = module.getFunction(name + "_body");
  return body ? body : module.getFunction(name);
}

}  // namespace linnet::codegen
