// Emits loops over pictures and their rows that set what lies between two rows to zero.
#include "codegen/emit/halo.h"

#include <functional>

namespace linnet::codegen {
namespace {

llvm::Value* beyond(llvm::IRBuilder<>& builder, llvm::Value* address, int64_t bytes) {
  return builder.CreateConstInBoundsGEP1_64(builder.getInt8Ty(), address,
                                            static_cast<uint64_t>(bytes));
}

// `body(address)` for `count` addresses, `stride` bytes apart from `first` on.
void repeat(llvm::IRBuilder<>& builder, llvm::Value* first, int64_t count, int64_t stride,
            const std::function<void(llvm::Value*)>& body) {
  if (count < 1) return;
  if (count == 1) {
    body(first);
    return;
  }
  llvm::LLVMContext& context = builder.getContext();
  llvm::BasicBlock* before = builder.GetInsertBlock();
  auto* loop = llvm::BasicBlock::Create(context, "halo", before->getParent());
  builder.CreateBr(loop);
  builder.SetInsertPoint(loop);
  llvm::PHINode* i = builder.CreatePHI(builder.getInt64Ty(), 2, "i");
  i->addIncoming(builder.getInt64(0), before);
  body(builder.CreateInBoundsGEP(
      builder.getInt8Ty(), first,
      builder.CreateMul(i, builder.getInt64(static_cast<uint64_t>(stride)))));
  llvm::Value* next = builder.CreateAdd(i, builder.getInt64(1));
  i->addIncoming(next, builder.GetInsertBlock());
  auto* done = llvm::BasicBlock::Create(context, "done", before->getParent());
  builder.CreateCondBr(builder.CreateICmpEQ(next, builder.getInt64(static_cast<uint64_t>(count))),
                       done, loop);
  builder.SetInsertPoint(done);
}

}  // namespace

llvm::Value* first_element(llvm::IRBuilder<>& builder, llvm::Value* memory, const ir::Type& type) {
  const int64_t before = type.first_stored();
  return before == 0 ? memory : beyond(builder, memory, before * ir::size_of(type.dtype));
}

void zero_halo(llvm::IRBuilder<>& builder, llvm::Value* memory, const ir::Type& type) {
  const ir::Layout& layout = type.layout;
  if (!layout.has_halo()) return;
  const auto [top, left, bottom, right] = layout.halo;
  const int64_t size = ir::size_of(type.dtype);
  const std::vector<int64_t> strides = type.stored_strides();
  const int64_t row = strides[2] * size;  // one picture's pixels; all their channels, if innermost
  const int64_t pixel = strides[3] * size;
  const int64_t picture = (top + type.shape[2] + bottom) * row;
  const auto zero = [&](llvm::Value* address, int64_t bytes) {
    if (bytes == 0) return;
    builder.CreateMemSet(address, builder.getInt8(0), static_cast<uint64_t>(bytes),
                         llvm::MaybeAlign(static_cast<uint64_t>(size)));
  };
  repeat(builder, memory, type.stored_bytes() / picture, picture, [&](llvm::Value* first) {
    zero(first, top * row + left * pixel);
    // The right end of a row and the left of the next lie side by side.
    llvm::Value* end = beyond(builder, first, top * row + (left + type.shape[3]) * pixel);
    repeat(builder, end, type.shape[2] - 1, row,
           [&](llvm::Value* gap) { zero(gap, (left + right) * pixel); });
    zero(beyond(builder, end, (type.shape[2] - 1) * row), right * pixel + bottom * row);
  });
}

}  // namespace linnet::codegen
