// Emits the question whether a CPU has the instructions: cpuid and xgetbv.
#include "codegen/emit/emit_supported.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InlineAsm.h>

#include <cstdint>
#include <vector>

namespace linnet::codegen {
namespace {

using llvm::Value;

// The registers of cpuid that a level needs: leaf, which of eax ebx ecx edx, and its bits
// (Intel SDM, volume 2, CPUID; AMD APM, volume 3, appendix E).
struct CpuidBits {
  uint32_t leaf;
  unsigned reg;
  uint32_t bits;
};

std::vector<CpuidBits> cpuid_bits(int level) {
  // SSE3, SSSE3, CX16, SSE4.1, SSE4.2, POPCNT; LAHF in 64-bit mode.
  std::vector<CpuidBits> bits = {
      {1, 2, 1u << 0 | 1u << 9 | 1u << 13 | 1u << 19 | 1u << 20 | 1u << 23}, {0x80000001, 2, 1u}};
  if (level >= 3) {  // FMA, MOVBE, OSXSAVE, AVX, F16C; BMI1, AVX2, BMI2; LZCNT
    bits.push_back({1, 2, 1u << 12 | 1u << 22 | 1u << 27 | 1u << 28 | 1u << 29});
    bits.push_back({7, 1, 1u << 3 | 1u << 5 | 1u << 8});
    bits.push_back({0x80000001, 2, 1u << 5});
  }
  if (level >= 4)  // AVX-512 F, DQ, CD, BW, VL
    bits.push_back({7, 1, 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31});
  return bits;
}

}  // namespace

void emit_supported(llvm::Module& module, const CompileOptions& options) {
  llvm::LLVMContext& context = module.getContext();
  auto* i32 = llvm::Type::getInt32Ty(context);
  auto* function = llvm::Function::Create(llvm::FunctionType::get(i32, false),
                                          llvm::GlobalValue::ExternalLinkage,
                                          options.name + "_supported", module);
  llvm::IRBuilder<> builder(llvm::BasicBlock::Create(context, "entry", function));
  if (options.target.record.level == 0) {
    builder.CreateRet(builder.getInt32(1));
    return;
  }
  function->addFnAttr("linnet-baseline");
  auto* four = llvm::StructType::get(i32, i32, i32, i32);
  auto* cpuid =
      llvm::InlineAsm::get(llvm::FunctionType::get(four, {i32, i32}, false), "cpuid",
                           "={ax},={bx},={cx},={dx},{ax},{cx},~{dirflag},~{fpsr},~{flags}", true);
  Value* ok = builder.getTrue();
  const auto leaf = [&](uint32_t number) {
    return builder.CreateCall(cpuid, {builder.getInt32(number), builder.getInt32(0)});
  };
  // A leaf above the highest the CPU has answers with another leaf's numbers.
  Value* highest = builder.CreateExtractValue(leaf(0), 0);
  Value* highest_extended = builder.CreateExtractValue(leaf(0x80000000), 0);
  for (const CpuidBits& need : cpuid_bits(options.target.record.level)) {
    const bool extended = need.leaf >= 0x80000000;
    Value* known =
        builder.CreateICmpUGE(extended ? highest_extended : highest, builder.getInt32(need.leaf));
    Value* got =
        builder.CreateAnd(builder.CreateExtractValue(leaf(need.leaf), need.reg), need.bits);
    ok = builder.CreateAnd(
        ok, builder.CreateAnd(known, builder.CreateICmpEQ(got, builder.getInt32(need.bits))));
  }
  if (options.target.record.level >= 3) {
    // xgetbv is legal only with OSXSAVE, which `ok` holds already: does the system save the
    // registers (XMM, YMM; opmask and both halves of ZMM)?
    auto* ask = llvm::BasicBlock::Create(context, "ask", function);
    auto* no = llvm::BasicBlock::Create(context, "no", function);
    builder.CreateCondBr(ok, ask, no);
    builder.SetInsertPoint(no);
    builder.CreateRet(builder.getInt32(0));
    builder.SetInsertPoint(ask);
    auto* two = llvm::StructType::get(i32, i32);
    auto* xgetbv = llvm::InlineAsm::get(llvm::FunctionType::get(two, {i32}, false), "xgetbv",
                                        "={ax},={dx},{cx},~{dirflag},~{fpsr},~{flags}", true);
    Value* saved = builder.CreateExtractValue(builder.CreateCall(xgetbv, {builder.getInt32(0)}), 0);
    const uint32_t needed = options.target.record.level >= 4 ? 0xe6 : 0x06;
    ok = builder.CreateICmpEQ(builder.CreateAnd(saved, needed), builder.getInt32(needed));
  }
  builder.CreateRet(builder.CreateZExt(ok, i32));
}

}  // namespace linnet::codegen
