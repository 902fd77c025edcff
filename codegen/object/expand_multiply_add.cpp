// Replaces fused multiply-adds by exact products and one rounding, for CPUs without FMA.
#include "codegen/object/expand_multiply_add.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>

#include <vector>

namespace linnet::codegen {
namespace {

using llvm::Value;

struct Pair {
  Value *high, *low;  // a rounded result and its exact error
};

class Expansion {
public:
  explicit Expansion(llvm::IRBuilder<>& builder) : b_(builder) {}

  // The product of two f32 is exact in f64; the sum is rounded to odd there, so that rounding
  // it once more, to f32, is harmless.
  Value* narrow(Value* x, Value* y, Value* z) {
    llvm::Type* wide = x->getType()->getWithNewType(b_.getDoubleTy());
    const auto widened = [&](Value* v) { return b_.CreateFPExt(v, wide); };
    Value* product = b_.CreateFMul(widened(x), widened(y));
    return b_.CreateFPTrunc(odd_sum(product, widened(z)), x->getType());
  }

  // Boldo and Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms using
  // rounding to odd", IEEE Transactions on Computers 57, 2008.
  Value* wide(Value* x, Value* y, Value* z) {
    const Pair u = exact_product(x, y);
    const Pair t = exact_sum(z, u.low);
    const Pair v = exact_sum(u.high, t.high);
    Value* sum = b_.CreateFAdd(v.high, odd_sum(t.low, v.low));
    // Zeros keep the sign of the plain sum; infinities and NaNs have no error term.
    Value* plain = b_.CreateFAdd(u.high, z);
    Value* zero = llvm::ConstantFP::get(x->getType(), 0.0);
    Value* largest = llvm::ConstantFP::get(x->getType(), 0x1.fffffffffffffp+1023);
    Value* size = b_.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, plain);
    Value* usual = b_.CreateAnd(b_.CreateFCmpOLE(size, largest), b_.CreateFCmpONE(sum, zero));
    return b_.CreateSelect(usual, sum, plain);
  }

private:
  // Knuth, "The Art of Computer Programming", volume 2, theorem 4.2.2B.
  Pair exact_sum(Value* x, Value* y) {
    Value* sum = b_.CreateFAdd(x, y);
    Value* y_part = b_.CreateFSub(sum, x);
    Value* x_part = b_.CreateFSub(sum, y_part);
    Value* error = b_.CreateFAdd(b_.CreateFSub(x, x_part), b_.CreateFSub(y, y_part));
    return {sum, error};
  }

  // Veltkamp's halves of 26 bits.
  Pair split(Value* x) {
    Value* scaled = b_.CreateFMul(x, llvm::ConstantFP::get(x->getType(), 0x1p27 + 1));
    Value* high = b_.CreateFSub(scaled, b_.CreateFSub(scaled, x));
    return {high, b_.CreateFSub(x, high)};
  }

  // Dekker, "A floating-point technique for extending the available precision", 1971.
  Pair exact_product(Value* x, Value* y) {
    Value* product = b_.CreateFMul(x, y);
    const Pair p = split(x);
    const Pair q = split(y);
    Value* error = b_.CreateFSub(b_.CreateFMul(p.high, q.high), product);
    error = b_.CreateFAdd(error, b_.CreateFMul(p.high, q.low));
    error = b_.CreateFAdd(error, b_.CreateFMul(p.low, q.high));
    return {product, b_.CreateFAdd(error, b_.CreateFMul(p.low, q.low))};
  }

  // An inexact sum with an even last bit moves by one toward its error.
  Value* odd_sum(Value* x, Value* y) {
    const Pair s = exact_sum(x, y);
    llvm::Type* bits = x->getType()->getWithNewType(b_.getInt64Ty());
    Value* zero = llvm::ConstantFP::get(x->getType(), 0.0);
    Value* inexact = b_.CreateFCmpONE(s.low, zero);
    Value* sum = b_.CreateBitCast(s.high, bits);
    // Bits grow away from zero: up where sum and error have one sign.
    Value* same = b_.CreateICmpEQ(b_.CreateFCmpOGT(s.high, zero), b_.CreateFCmpOGT(s.low, zero));
    Value* step = b_.CreateSelect(same, llvm::ConstantInt::get(bits, 1),
                                  llvm::Constant::getAllOnesValue(bits));
    Value* one = llvm::ConstantInt::get(bits, 1);
    Value* even = b_.CreateICmpEQ(b_.CreateAnd(sum, one), llvm::Constant::getNullValue(bits));
    Value* moved = b_.CreateBitCast(b_.CreateAdd(sum, step), x->getType());
    return b_.CreateSelect(b_.CreateAnd(inexact, even), moved, s.high);
  }

  llvm::IRBuilder<>& b_;
};

}  // namespace

void expand_multiply_add(llvm::Function& function) {
  std::vector<llvm::IntrinsicInst*> fused;
  for (llvm::Instruction& instruction : llvm::instructions(function)) {
    auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
    if (call && call->getIntrinsicID() == llvm::Intrinsic::fma) fused.push_back(call);
  }
  for (llvm::IntrinsicInst* call : fused) {
    llvm::IRBuilder<> builder(call);
    Expansion expansion(builder);
    Value* x = call->getArgOperand(0);
    Value* y = call->getArgOperand(1);
    Value* z = call->getArgOperand(2);
    const bool is_double = call->getType()->getScalarType()->isDoubleTy();
    call->replaceAllUsesWith(is_double ? expansion.wide(x, y, z) : expansion.narrow(x, y, z));
    call->eraseFromParent();
  }
}

}  // namespace linnet::codegen
