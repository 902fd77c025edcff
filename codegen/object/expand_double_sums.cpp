// x · y + z of f64 rounded once, in integers of 128 bits.
#include "codegen/object/expand_double_sums.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>

#include <vector>

namespace linnet::codegen {
namespace {

using llvm::Value;

constexpr int kTop = 125;  // where a term's highest bit is: a sum of two has one above, below 127

// Sign and significand · 2^exponent, the highest bit of the significand at kTop or one below.
struct Term {
  Value *negative, *significand, *exponent;
};

class Fma {
public:
  Fma(llvm::IRBuilder<>& builder, llvm::Function& function) : b_(builder) {
    for (int i = 0; i < 3; ++i)
      bits_[i] = b_.CreateBitCast(function.getArg(i), b_.getInt64Ty());
  }

  // Is one of them infinite or NaN, or the product 0? Then only one of product and sum is rounded.
  // Not so beside an addend of 0: a product that is rounded to −0 is still less than +0.
  Value* is_plain() {
    Value* plain = no_number(bits_[2]);
    for (Value* bits : {bits_[0], bits_[1]}) {
      Value* zero = b_.CreateICmpEQ(b_.CreateShl(bits, b_.getInt64(1)), b_.getInt64(0));
      plain = b_.CreateOr(plain, b_.CreateOr(no_number(bits), zero));
    }
    return plain;
  }

  // Without the product, which may overflow beside an infinite addend.
  Value* plain_sum(llvm::Function& function) {
    Value* x = function.getArg(0);
    Value* y = function.getArg(1);
    Value* z = function.getArg(2);
    Value* finite =
        b_.CreateAnd(b_.CreateNot(no_number(bits_[0])), b_.CreateNot(no_number(bits_[1])));
    Value* addend_only = b_.CreateAnd(finite, no_number(bits_[2]));
    return b_.CreateSelect(addend_only, b_.CreateFAdd(z, z), b_.CreateFAdd(b_.CreateFMul(x, y), z));
  }

  Value* sum() {
    const Parts x = parts(bits_[0]);
    const Parts y = parts(bits_[1]);
    const Parts z = parts(bits_[2]);
    // 53 bits times 53 bits are 105 or 106.
    Value* product = b_.CreateMul(wide(x.significand), wide(y.significand));
    const Term p{b_.CreateXor(x.negative, y.negative),
                 b_.CreateShl(product, wide_number(kTop - 105)),
                 b_.CreateSub(b_.CreateAdd(x.exponent, y.exponent), b_.getInt32(kTop - 105))};
    const Term addend{z.negative, b_.CreateShl(wide(z.significand), wide_number(kTop - 52)),
                      b_.CreateSub(z.exponent, b_.getInt32(kTop - 52))};
    Value* distance = b_.CreateSub(p.exponent, addend.exponent);
    Value* p_larger = b_.CreateICmpSGE(distance, b_.getInt32(0));
    const auto larger = [&](Value* a, Value* c) { return b_.CreateSelect(p_larger, a, c); };
    Value* exponent = larger(p.exponent, addend.exponent);
    Value* zero = b_.getInt32(0);
    const auto aligned = [&](const Term& term, bool shifts_if_p_larger) {
      Value* by =
          shifts_if_p_larger ? larger(distance, zero) : larger(zero, b_.CreateNeg(distance));
      Value* shifted = right_to_odd(term.significand, by);
      return b_.CreateSelect(term.negative, b_.CreateNeg(shifted), shifted);
    };
    Value* total = b_.CreateAdd(aligned(p, false), aligned(addend, true));
    Value* negative = b_.CreateICmpSLT(total, wide_number(0));
    return rounded({negative, b_.CreateSelect(negative, b_.CreateNeg(total), total), exponent});
  }

private:
  struct Parts {
    Value *negative, *significand, *exponent;  // the significand has 53 bits
  };

  Value* no_number(Value* bits) {  // infinite or NaN
    return b_.CreateICmpUGE(b_.CreateShl(bits, b_.getInt64(1)), b_.getInt64(uint64_t{0x7ff} << 53));
  }
  Value* wide(Value* value) { return b_.CreateZExt(value, b_.getInt128Ty()); }
  Value* wide_number(uint64_t value) { return llvm::ConstantInt::get(b_.getInt128Ty(), value); }
  Value* leading_zeros(Value* value) {
    return b_.CreateBinaryIntrinsic(llvm::Intrinsic::ctlz, value, b_.getFalse());
  }

  Parts parts(Value* bits) {
    Value* fraction = b_.CreateAnd(bits, b_.getInt64((uint64_t{1} << 52) - 1));
    Value* field = b_.CreateTrunc(b_.CreateLShr(bits, b_.getInt64(52)), b_.getInt32Ty());
    field = b_.CreateAnd(field, b_.getInt32(0x7ff));
    Value* denormal = b_.CreateICmpEQ(field, b_.getInt32(0));
    Value* up = b_.CreateSub(leading_zeros(fraction), b_.getInt64(11));
    Value* moved = b_.CreateShl(fraction, b_.CreateAnd(up, b_.getInt64(63)));
    Value* small = b_.CreateSub(b_.getInt32(1), b_.CreateTrunc(up, b_.getInt32Ty()));
    return {b_.CreateICmpSLT(bits, b_.getInt64(0)),
            b_.CreateSelect(denormal, moved, b_.CreateOr(fraction, b_.getInt64(uint64_t{1} << 52))),
            b_.CreateSub(b_.CreateSelect(denormal, small, field), b_.getInt32(1075))};
  }

  // Shifts right by 0 or more; what is lost makes the last bit 1.
  Value* right_to_odd(Value* value, Value* by) {
    by = wide(b_.CreateBinaryIntrinsic(llvm::Intrinsic::umin, by, b_.getInt32(127)));
    Value* shifted = b_.CreateLShr(value, by);
    Value* lost = b_.CreateICmpNE(b_.CreateShl(shifted, by), value);
    return b_.CreateOr(shifted, wide(lost));
  }

  Value* rounded(const Term& sum) {
    // The highest bit to bit 126; of it stay 53 bits and two of rounding, fewer where the result is
    // denormal.
    Value* up = leading_zeros(sum.significand);
    Value* is_zero = b_.CreateICmpEQ(sum.significand, wide_number(0));
    up = b_.CreateSub(up, wide_number(1));
    Value* high = b_.CreateShl(sum.significand, b_.CreateAnd(up, wide_number(127)));
    Value* exponent = b_.CreateSub(sum.exponent, b_.CreateTrunc(up, b_.getInt32Ty()));
    Value* field = b_.CreateAdd(exponent, b_.getInt32(126 + 1023));
    Value* missing = b_.CreateBinaryIntrinsic(llvm::Intrinsic::smax,
                                              b_.CreateSub(b_.getInt32(1), field), b_.getInt32(0));
    field = b_.CreateBinaryIntrinsic(llvm::Intrinsic::smax, field, b_.getInt32(1));
    Value* kept = b_.CreateTrunc(right_to_odd(high, b_.CreateAdd(missing, b_.getInt32(126 - 54))),
                                 b_.getInt64Ty());
    Value* odd = b_.CreateAnd(b_.CreateLShr(kept, b_.getInt64(2)), b_.getInt64(1));
    Value* whole =
        b_.CreateLShr(b_.CreateAdd(b_.CreateAdd(kept, b_.getInt64(1)), odd), b_.getInt64(2));
    // The hidden bit adds 1 to the exponent's field, as does a carry.
    Value* base = b_.CreateSub(b_.CreateZExt(field, b_.getInt64Ty()), b_.getInt64(1));
    Value* largest = b_.getInt64(uint64_t{0x7ff} << 52);
    Value* bits = b_.CreateAdd(b_.CreateShl(base, b_.getInt64(52)), whole);
    Value* overflow = b_.CreateICmpSGE(field, b_.getInt32(0x7ff));
    bits = b_.CreateSelect(overflow, largest, bits);
    Value* sign = b_.CreateShl(b_.CreateZExt(sum.negative, b_.getInt64Ty()), b_.getInt64(63));
    bits = b_.CreateSelect(is_zero, b_.getInt64(0), b_.CreateOr(bits, sign));
    return b_.CreateBitCast(bits, b_.getDoubleTy());
  }

  llvm::IRBuilder<>& b_;
  Value* bits_[3] = {};
};

llvm::Function* fma_function(llvm::Module& module) {
  llvm::Type* number = llvm::Type::getDoubleTy(module.getContext());
  auto* function =
      llvm::Function::Create(llvm::FunctionType::get(number, {number, number, number}, false),
                             llvm::GlobalValue::LinkOnceODRLinkage, "linnet_fma_f64", module);
  function->setVisibility(llvm::GlobalValue::HiddenVisibility);
  function->addFnAttr(llvm::Attribute::NoInline);
  llvm::IRBuilder<> b(llvm::BasicBlock::Create(module.getContext(), "entry", function));
  auto* plain = llvm::BasicBlock::Create(module.getContext(), "plain", function);
  auto* exact = llvm::BasicBlock::Create(module.getContext(), "exact", function);
  Fma fma(b, *function);
  b.CreateCondBr(fma.is_plain(), plain, exact);
  b.SetInsertPoint(exact);
  b.CreateRet(fma.sum());
  b.SetInsertPoint(plain);
  b.CreateRet(fma.plain_sum(*function));
  return function;
}

// x, y and z of x · y + z; empty if the instruction is something else.
std::vector<Value*> factors(llvm::IRBuilder<>& b, llvm::Instruction& instruction, bool sums) {
  if (!instruction.getType()->getScalarType()->isDoubleTy()) return {};
  if (auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction)) {
    if (call->getIntrinsicID() != llvm::Intrinsic::fma) return {};
    return {call->getArgOperand(0), call->getArgOperand(1), call->getArgOperand(2)};
  }
  const bool minus = instruction.getOpcode() == llvm::Instruction::FSub;
  if (!sums || (!minus && instruction.getOpcode() != llvm::Instruction::FAdd)) return {};
  Value* one = llvm::ConstantFP::get(instruction.getType(), 1.0);
  Value* z = instruction.getOperand(1);
  return {instruction.getOperand(0), one, minus ? b.CreateFNeg(z) : z};
}

// A call for each lane.
Value* called(llvm::IRBuilder<>& b, llvm::Function* function, const std::vector<Value*>& factors) {
  llvm::Type* type = factors.front()->getType();
  const auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(type);
  if (!vector) return b.CreateCall(function, factors);
  Value* result = llvm::PoisonValue::get(type);
  for (unsigned lane = 0; lane < vector->getNumElements(); ++lane) {
    std::vector<Value*> elements;
    for (Value* factor : factors)
      elements.push_back(b.CreateExtractElement(factor, lane));
    result = b.CreateInsertElement(result, b.CreateCall(function, elements), lane);
  }
  return result;
}

}  // namespace

void expand_double_sums(llvm::Module& module, const TargetRecord& record) {
  std::vector<llvm::Instruction*> instructions;
  for (llvm::Function& function : module) {
    for (llvm::Instruction& instruction : llvm::instructions(function))
      instructions.push_back(&instruction);
  }
  llvm::Function* function = nullptr;
  for (llvm::Instruction* instruction : instructions) {
    llvm::IRBuilder<> builder(instruction);
    const auto xyz = factors(builder, *instruction, record.architecture == Architecture::kArm);
    if (xyz.empty()) continue;
    if (!function) function = fma_function(module);
    instruction->replaceAllUsesWith(called(builder, function, xyz));
    instruction->eraseFromParent();
  }
}

}  // namespace linnet::codegen
