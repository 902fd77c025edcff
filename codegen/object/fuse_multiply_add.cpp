// Joins a sum and the product that only it reads into one llvm.fma.
#include "codegen/object/fuse_multiply_add.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Intrinsics.h>

#include <vector>

namespace linnet::codegen {
namespace {

using llvm::Instruction;
using llvm::Value;

Instruction* product(Value* value) {
  auto* instruction = llvm::dyn_cast<Instruction>(value);
  const bool fits =
      instruction && instruction->getOpcode() == Instruction::FMul && instruction->hasOneUse();
  return fits ? instruction : nullptr;
}

}  // namespace

void fuse_multiply_add(llvm::Function& function) {
  std::vector<Instruction*> sums;
  for (Instruction& instruction : llvm::instructions(function)) {
    if (instruction.getOpcode() == Instruction::FAdd ||
        instruction.getOpcode() == Instruction::FSub)
      sums.push_back(&instruction);
  }
  for (Instruction* sum : sums) {
    const bool minus = sum->getOpcode() == Instruction::FSub;
    Value* left = sum->getOperand(0);
    Value* right = sum->getOperand(1);
    Instruction* mul = product(left);
    const bool first = mul != nullptr;
    if (!mul) mul = product(right);
    if (!mul) continue;
    llvm::IRBuilder<> builder(sum);
    Value* a = mul->getOperand(0);
    Value* addend = first ? right : left;
    if (minus && first) addend = builder.CreateFNeg(addend);  // a * b - c
    if (minus && !first) a = builder.CreateFNeg(a);           // c - a * b
    Value* fused = builder.CreateIntrinsic(llvm::Intrinsic::fma, {sum->getType()},
                                           {a, mul->getOperand(1), addend});
    sum->replaceAllUsesWith(fused);
    sum->eraseFromParent();
    mul->eraseFromParent();
  }
}

}  // namespace linnet::codegen
