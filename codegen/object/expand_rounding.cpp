// Replaces roundings to whole numbers by arithmetic on the bits of a float.
#include "codegen/object/expand_rounding.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>

#include <utility>
#include <vector>

namespace linnet::codegen {
namespace {

using llvm::Value;
namespace Intrinsic = llvm::Intrinsic;

bool is_rounding(Intrinsic::ID id) {
  switch (id) {
  case Intrinsic::floor:
  case Intrinsic::ceil:
  case Intrinsic::trunc:
  case Intrinsic::round:
  case Intrinsic::rint:
  case Intrinsic::nearbyint:
  case Intrinsic::roundeven:
    return true;
  default:
    return false;
  }
}

// Halide has no ceil of its own for a machine without an operating system.
Intrinsic::ID of_libm(llvm::StringRef name) {
  if (name == "ceilf" || name == "ceil") return Intrinsic::ceil;
  if (name == "floorf" || name == "floor") return Intrinsic::floor;
  if (name == "truncf" || name == "trunc") return Intrinsic::trunc;
  return Intrinsic::not_intrinsic;
}

// A float is sign, exponent and fraction; as an integer it grows with the number's magnitude. One
// more in the last whole place is one more in that bit, and a carry goes into the exponent.
class Rounding {
public:
  Rounding(llvm::IRBuilder<>& builder, Value* x) : b_(builder), x_(x), type_(x->getType()) {
    fraction_bits_ = type_->getScalarType()->isDoubleTy() ? 52 : 23;
    bias_ = type_->getScalarType()->isDoubleTy() ? 1023 : 127;
    const unsigned width = type_->getScalarSizeInBits();
    bits_type_ = type_->getWithNewType(b_.getIntNTy(width));
    Value* bits = b_.CreateBitCast(x, bits_type_);
    sign_ = b_.CreateAnd(bits, llvm::ConstantInt::get(bits_type_, llvm::APInt::getSignMask(width)));
    magnitude_ = b_.CreateXor(bits, sign_);
    negative_ = b_.CreateICmpNE(sign_, number(0));
  }

  Value* by(Intrinsic::ID id) {
    Value* exponent = b_.CreateLShr(magnitude_, number(fraction_bits_));
    // Bits of the fraction that are behind the point, where there are any: 1 to 23 or 52.
    Value* behind = b_.CreateSub(number(bias_ + fraction_bits_), exponent);
    Value* below_one = b_.CreateICmpULT(exponent, number(bias_));
    Value* whole = b_.CreateICmpUGE(exponent, number(bias_ + fraction_bits_));  // or no number
    behind = b_.CreateSelect(b_.CreateOr(below_one, whole), number(1), behind);
    Value* mask = b_.CreateSub(b_.CreateShl(number(1), behind), number(1));
    Value* carried = b_.CreateAdd(magnitude_, step(id, mask, behind));
    Value* cut = b_.CreateAnd(carried, b_.CreateNot(mask));
    Value* one = number(bias_ << fraction_bits_);
    Value* small = b_.CreateSelect(reaches_one(id), one, number(0));
    Value* rounded = b_.CreateOr(b_.CreateSelect(below_one, small, cut), sign_);
    return b_.CreateSelect(whole, x_, b_.CreateBitCast(rounded, type_));
  }

private:
  Value* number(uint64_t value) { return llvm::ConstantInt::get(bits_type_, value); }

  // What is added before the fraction is cut off.
  Value* step(Intrinsic::ID id, Value* mask, Value* behind) {
    if (id == Intrinsic::trunc) return number(0);
    if (id == Intrinsic::floor) return b_.CreateSelect(negative_, mask, number(0));
    if (id == Intrinsic::ceil) return b_.CreateSelect(negative_, number(0), mask);
    Value* below_half = b_.CreateLShr(mask, number(1));
    Value* odd = b_.CreateAnd(b_.CreateLShr(magnitude_, behind), number(1));
    return b_.CreateAdd(below_half, id == Intrinsic::round ? number(1) : odd);
  }

  // Does a number below 1 become ±1?
  Value* reaches_one(Intrinsic::ID id) {
    Value* half = number((bias_ - 1) << fraction_bits_);
    Value* some = b_.CreateICmpNE(magnitude_, number(0));
    if (id == Intrinsic::trunc) return b_.CreateICmpNE(magnitude_, magnitude_);
    if (id == Intrinsic::floor) return b_.CreateAnd(some, negative_);
    if (id == Intrinsic::ceil) return b_.CreateAnd(some, b_.CreateNot(negative_));
    if (id == Intrinsic::round) return b_.CreateICmpUGE(magnitude_, half);
    return b_.CreateICmpUGT(magnitude_, half);
  }

  llvm::IRBuilder<>& b_;
  Value* x_;
  llvm::Type* type_;
  llvm::Type* bits_type_ = nullptr;
  Value *sign_ = nullptr, *magnitude_ = nullptr, *negative_ = nullptr;
  uint64_t fraction_bits_ = 0, bias_ = 0;
};

bool has_instruction(llvm::Type* type, const TargetRecord& record) {
  return type->getScalarType()->isDoubleTy() ? record.doubles : record.rounds;
}

}  // namespace

void expand_rounding(llvm::Function& function, const TargetRecord& record) {
  std::vector<std::pair<llvm::CallInst*, Intrinsic::ID>> calls;
  for (llvm::Instruction& instruction : llvm::instructions(function)) {
    auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
    const llvm::Function* callee = call ? call->getCalledFunction() : nullptr;
    if (!callee || call->arg_size() == 0) continue;
    const Intrinsic::ID id =
        callee->isIntrinsic() ? callee->getIntrinsicID() : of_libm(callee->getName());
    if (is_rounding(id)) calls.emplace_back(call, id);
  }
  for (const auto& [call, id] : calls) {
    llvm::IRBuilder<> builder(call);
    Value* x = call->getArgOperand(0);
    Value* result = call;
    if (!has_instruction(x->getType(), record)) {
      result = Rounding(builder, x).by(id);
    } else if (!call->getCalledFunction()->isIntrinsic()) {
      result = builder.CreateUnaryIntrinsic(id, x);
    }
    if (result == call) continue;
    call->replaceAllUsesWith(result);
    call->eraseFromParent();
  }
}

}  // namespace linnet::codegen
