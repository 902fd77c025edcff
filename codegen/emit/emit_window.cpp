// Emits the move of a window as shuffles of neighbouring vectors, for long ones in a loop.
#include "codegen/emit/emit_window.h"

#include "base/integers.h"
#include "base/memory.h"
#include "support/check.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace linnet::codegen {
namespace {

using llvm::Value;

// Vectors up to which the code has no loop.
constexpr int64_t kMostUnrolled = 16;

// How a window lies in vectors: whole ones, of which the last may have room behind the window.
struct Vectors {
  int64_t lanes, count;

  Vectors(const ir::Type& type, const passes::TargetInfo& target) {
    const auto all = static_cast<uint64_t>(type.elements());
    lanes = std::min(target.lanes(ir::size_of(type.dtype)),
                     static_cast<int64_t>(std::bit_ceil(std::max<uint64_t>(all, 2))));
    count = ceil_div(type.elements(), lanes);
  }
};

class Shift {
public:
  Shift(llvm::IRBuilder<>& builder, Value* window, const ir::Type& type, const Vectors& vectors)
      : b_(builder), window_(window), vectors_(vectors),
        element_(type.dtype == ir::DType::kF64 ? b_.getDoubleTy() : b_.getFloatTy()),
        vector_(llvm::FixedVectorType::get(element_, static_cast<unsigned>(vectors.lanes))),
        align_(static_cast<uint64_t>(
            std::min<int64_t>(vectors.lanes * ir::size_of(type.dtype), kAlign))) {}

  Value* load(Value* index) { return b_.CreateAlignedLoad(vector_, address(index), align_); }
  void store(Value* vector, Value* index) { b_.CreateAlignedStore(vector, address(index), align_); }
  // All elements of `vector` but the first, then the first of `next`.
  Value* moved(Value* vector, Value* next) {
    std::vector<int> from(static_cast<size_t>(vectors_.lanes));
    std::iota(from.begin(), from.end(), 1);
    return b_.CreateShuffleVector(vector, next, from);
  }
  // The vector in which the window ends; zeros stay behind it.
  Value* last(Value* vector, Value* newest, int64_t elements) {
    Value* x = b_.CreateAlignedLoad(element_, newest, llvm::Align(4));
    const auto at = static_cast<uint64_t>(elements - (vectors_.count - 1) * vectors_.lanes - 1);
    return b_.CreateInsertElement(moved(vector, llvm::Constant::getNullValue(vector_)), x, at);
  }

private:
  Value* address(Value* index) { return b_.CreateInBoundsGEP(vector_, window_, index); }

  llvm::IRBuilder<>& b_;
  Value* window_;
  const Vectors& vectors_;
  llvm::Type* element_;
  llvm::FixedVectorType* vector_;
  llvm::Align align_;
};

}  // namespace

std::optional<passes::WindowShift> shift_in_place(const ir::Graph& kernel) {
  const auto shift = passes::window_shift(kernel);
  if (!shift) return std::nullopt;
  const ir::Value& out = kernel.value(kernel.outputs.front().value);
  const bool in_place = out.storage && out.storage->memory == ir::Memory::kSlot &&
                        out.storage->offset == static_cast<int64_t>(shift->window) + 1;
  const bool floats = out.type.dtype == ir::DType::kF32 || out.type.dtype == ir::DType::kF64;
  LINNET_CHECK(!in_place || floats, "a window of " + to_string(out.type));
  return in_place ? shift : std::nullopt;
}

bool is_short_shift(const ir::Type& type, const passes::TargetInfo& target) {
  return Vectors(type, target).count <= kMostUnrolled;
}

void emit_shift(llvm::IRBuilder<>& builder, Value* window, Value* newest, const ir::Type& type,
                const passes::TargetInfo& target) {
  const Vectors vectors(type, target);
  Shift shift(builder, window, type, vectors);
  const auto index = [&](int64_t i) { return builder.getInt64(static_cast<uint64_t>(i)); };
  const int64_t end = vectors.count - 1;
  Value* vector = shift.load(index(0));
  if (is_short_shift(type, target)) {
    for (int64_t i = 0; i < end; ++i) {
      Value* next = shift.load(index(i + 1));
      shift.store(shift.moved(vector, next), index(i));
      vector = next;
    }
  } else {
    llvm::BasicBlock* before = builder.GetInsertBlock();
    auto* loop = llvm::BasicBlock::Create(builder.getContext(), "shift", before->getParent());
    auto* done = llvm::BasicBlock::Create(builder.getContext(), "done", before->getParent());
    builder.CreateBr(loop);
    builder.SetInsertPoint(loop);
    llvm::PHINode* i = builder.CreatePHI(builder.getInt64Ty(), 2, "i");
    llvm::PHINode* now = builder.CreatePHI(vector->getType(), 2, "now");
    i->addIncoming(index(0), before);
    now->addIncoming(vector, before);
    Value* following = builder.CreateNUWAdd(i, index(1));
    Value* next = shift.load(following);
    shift.store(shift.moved(now, next), i);
    i->addIncoming(following, loop);
    now->addIncoming(next, loop);
    builder.CreateCondBr(builder.CreateICmpEQ(following, index(end)), done, loop);
    builder.SetInsertPoint(done);
    vector = next;
  }
  shift.store(shift.last(vector, newest, type.elements()), index(end));
}

}  // namespace linnet::codegen
