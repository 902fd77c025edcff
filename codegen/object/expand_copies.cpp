// Replaces llvm.memcpy by a loop, and keeps LLVM from making calls of libc out of loops.
#include "codegen/object/expand_copies.h"

#include "support/check.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>

#include <vector>

namespace linnet::codegen {
namespace {

void expand(llvm::MemCpyInst* copy) {
  constexpr uint64_t kWord = 4;
  const auto* length = llvm::dyn_cast<llvm::ConstantInt>(copy->getLength());
  LINNET_CHECK(length != nullptr, "a copy of a size that is computed");
  const bool words = length->getZExtValue() % kWord == 0 &&
                     copy->getDestAlign().valueOrOne() >= kWord &&
                     copy->getSourceAlign().valueOrOne() >= kWord;
  llvm::IRBuilder<> b(copy);
  llvm::Type* type = words ? b.getInt32Ty() : b.getInt8Ty();
  const uint64_t count = length->getZExtValue() / (words ? kWord : 1);
  if (count > 0) {
    llvm::BasicBlock* before = copy->getParent();
    llvm::BasicBlock* after = llvm::SplitBlock(before, copy);
    auto* body = llvm::BasicBlock::Create(b.getContext(), "copy", before->getParent(), after);
    before->getTerminator()->setSuccessor(0, body);
    b.SetInsertPoint(body);
    llvm::PHINode* i = b.CreatePHI(b.getInt32Ty(), 2);
    const llvm::Align align(words ? kWord : 1);
    b.CreateAlignedStore(
        b.CreateAlignedLoad(type, b.CreateInBoundsGEP(type, copy->getSource(), i), align),
        b.CreateInBoundsGEP(type, copy->getDest(), i), align);
    llvm::Value* next = b.CreateAdd(i, b.getInt32(1));
    i->addIncoming(b.getInt32(0), before);
    i->addIncoming(next, body);
    b.CreateCondBr(b.CreateICmpEQ(next, b.getInt32(static_cast<uint32_t>(count))), after, body);
  }
  copy->eraseFromParent();
}

}  // namespace

void expand_copies(llvm::Module& module) {
  for (llvm::Function& function : module) {
    if (function.isDeclaration()) continue;
    function.addFnAttr("no-builtin-memcpy");
    function.addFnAttr("no-builtin-memmove");
    std::vector<llvm::MemCpyInst*> copies;
    for (llvm::Instruction& instruction : llvm::instructions(function)) {
      if (auto* copy = llvm::dyn_cast<llvm::MemCpyInst>(&instruction)) copies.push_back(copy);
    }
    for (llvm::MemCpyInst* copy : copies)
      expand(copy);
  }
}

}  // namespace linnet::codegen
