// Emits the tests of addresses at the beginning of an entry function.
#include "codegen/emit/check_aligned.h"

#include "codegen/emit/constants.h"

namespace linnet::codegen {

void check_aligned(llvm::IRBuilder<>& builder, llvm::Value* memory, int if_null,
                   int if_misaligned) {
  llvm::LLVMContext& context = builder.getContext();
  llvm::Function* function = builder.GetInsertBlock()->getParent();
  const auto check = [&](llvm::Value* bad, int code, const char* name) {
    auto* fail = llvm::BasicBlock::Create(context, name, function);
    auto* ok = llvm::BasicBlock::Create(context, "ok", function);
    builder.CreateCondBr(bad, fail, ok);
    builder.SetInsertPoint(fail);
    builder.CreateRet(llvm::ConstantInt::getSigned(builder.getInt32Ty(), code));
    builder.SetInsertPoint(ok);
  };
  check(builder.CreateIsNull(memory), if_null, "null");
  llvm::Value* low = builder.CreateAnd(builder.CreatePtrToInt(memory, builder.getInt64Ty()),
                                       ConstantPool::kAlign - 1);
  check(builder.CreateIsNotNull(low), if_misaligned, "misaligned");
}

}  // namespace linnet::codegen
