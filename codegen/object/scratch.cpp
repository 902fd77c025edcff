// Replaces calls of halide_malloc and halide_free.
#include "codegen/object/scratch.h"

#include "base/integers.h"
#include "base/memory.h"
#include "support/check.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>

#include <string>

namespace linnet::codegen {

void place_allocations(llvm::Function& function) {
  int64_t offset = 0;
  for (llvm::Instruction& instruction : llvm::make_early_inc_range(llvm::instructions(function))) {
    auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
    const llvm::Function* callee = call ? call->getCalledFunction() : nullptr;
    if (!callee) continue;
    if (callee->getName() == "halide_malloc") {
      const auto* size = llvm::dyn_cast<llvm::ConstantInt>(call->getArgOperand(1));
      LINNET_CHECK(size != nullptr, "a kernel allocates memory of a size that it computes");
      llvm::IRBuilder<> builder(call);
      call->replaceAllUsesWith(builder.CreateConstInBoundsGEP1_64(
          builder.getInt8Ty(), function.getArg(0), static_cast<uint64_t>(offset)));
      offset += round_up(size->getSExtValue(), linnet::kAlign);
      call->eraseFromParent();
    } else if (callee->getName() == "halide_free") {
      call->eraseFromParent();
    }
  }
  if (offset > 0) function.addFnAttr(kScratchBytes, std::to_string(offset));
}

}  // namespace linnet::codegen
