// Reads a kernel's bitcode into LLVM 22 and removes what only Halide's runtime would need.
#include "codegen/object/import.h"

#include "codegen/lower/bitcode.h"
#include "codegen/object/expand_double_sums.h"
#include "codegen/object/expand_multiply_add.h"
#include "codegen/object/expand_rounding.h"
#include "codegen/object/fuse_multiply_add.h"
#include "codegen/object/scratch.h"
#include "codegen/object/sections.h"

#include "support/check.h"

#include <llvm/Bitcode/BitcodeReader.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Operator.h>
#include <llvm/Support/MemoryBuffer.h>

namespace linnet::codegen {
namespace {

void clean(llvm::Function& function) {
  function.setAttributes({});  // Halide's CPU and features; linnet sets its own
  function.setComdat(nullptr);
  function.setSubprogram(nullptr);
  function.setSection("");
  for (llvm::Instruction& instruction : llvm::instructions(function)) {
    // Counters of Halide's process stand in alias metadata.
    instruction.dropUnknownNonDebugMetadata();
    instruction.setDebugLoc({});
    if (llvm::isa<llvm::FPMathOperator>(instruction)) instruction.setFastMathFlags({});
    if (auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction); call && !call->isInlineAsm()) {
      const llvm::Function* callee = call->getCalledFunction();
      if (callee && !callee->isIntrinsic()) call->setAttributes({});
    }
  }
}

// Halide fences what must not be reassociated, lane by lane, which takes a vector apart. Nothing is
// reassociated here: no operation has a flag that allows it.
void drop_fences(llvm::Function& function) {
  for (llvm::Instruction& instruction : llvm::make_early_inc_range(llvm::instructions(function))) {
    auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
    if (!call || call->getIntrinsicID() != llvm::Intrinsic::arithmetic_fence) continue;
    call->replaceAllUsesWith(call->getArgOperand(0));
    call->eraseFromParent();
  }
}

// Where the counter of a loop ends that is one block, mostly its number of turns; −1: it is none,
// or that is not known.
int64_t end_of(const llvm::BasicBlock& block) {
  const auto* branch = llvm::dyn_cast<llvm::BranchInst>(block.getTerminator());
  if (!branch || !branch->isConditional()) return -1;
  if (branch->getSuccessor(0) != &block && branch->getSuccessor(1) != &block) return -1;
  const auto* compare = llvm::dyn_cast<llvm::ICmpInst>(branch->getCondition());
  const auto* end = compare ? llvm::dyn_cast<llvm::ConstantInt>(compare->getOperand(1)) : nullptr;
  return end ? static_cast<int64_t>(end->getLimitedValue(INT64_MAX)) : -1;
}

// Asks LLVM to unroll the loop that the block is.
void unroll(llvm::BasicBlock& block, llvm::ArrayRef<llvm::Metadata*> how) {
  llvm::LLVMContext& context = block.getContext();
  auto loop = llvm::MDNode::getDistinct(context, {nullptr, llvm::MDNode::get(context, how)});
  loop->replaceOperandWith(0, loop);
  block.getTerminator()->setMetadata(llvm::LLVMContext::MD_loop, loop);
}

// A loop of a few scalar additions costs more than they do. Unrolled here and not by the schedule:
// Halide's LLVM would make vectors of the products, and no FMA would form.
void unroll_short_sums(llvm::Function& function) {
  constexpr int64_t kShort = 16;
  for (llvm::BasicBlock& block : function) {
    const int64_t end = end_of(block);
    if (end < 0 || end > kShort || static_cast<int64_t>(block.size()) > kShort) continue;
    const bool vectors =
        llvm::any_of(block, [](const llvm::Instruction& i) { return i.getType()->isVectorTy(); });
    if (vectors) continue;
    unroll(block, {llvm::MDString::get(function.getContext(), "llvm.loop.unroll.full")});
  }
}

// Where instructions that load pairs of vectors, and not memory, bound a sum of vectors, a loop's
// own instructions are worth sharing among several turns: 400 × 120 of LeNet takes 1.82
// instructions for a multiply-add in single turns, 1.65 in four (AArch64,
// benchmarks/instructions.py).
void unroll_vector_sums(llvm::Function& function) {
  constexpr int64_t kMostMultiplyAdds = 64;
  for (llvm::BasicBlock& block : function) {
    const int64_t end = end_of(block);
    const int64_t multiply_adds = llvm::count_if(block, [](const auto& i) {
      const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&i);
      return call && call->getIntrinsicID() == llvm::Intrinsic::fma && i.getType()->isVectorTy();
    });
    if (end <= 0 || multiply_adds == 0) continue;
    for (int64_t count : {8, 4, 3, 2}) {
      if (end % count != 0 || count * multiply_adds > kMostMultiplyAdds) continue;
      llvm::LLVMContext& context = function.getContext();
      auto* number = llvm::ConstantAsMetadata::get(
          llvm::ConstantInt::get(llvm::Type::getInt32Ty(context), static_cast<uint64_t>(count)));
      unroll(block, {llvm::MDString::get(context, "llvm.loop.unroll.count"), number});
      break;
    }
  }
}

}  // namespace

std::unique_ptr<llvm::Module> import_kernel(llvm::LLVMContext& context, const std::string& bitcode,
                                            const std::string& name, const Target& target) {
  auto parsed = llvm::parseBitcodeFile(
      llvm::MemoryBufferRef(llvm::StringRef(bitcode), llvm::StringRef(name)), context);
  if (!parsed) throw InternalError("bitcode of @" + name + ": " + toString(parsed.takeError()));
  std::unique_ptr<llvm::Module> module = std::move(*parsed);
  const std::string halide_name = kBitcodeName;
  for (const char* suffix : {"_argv", "_metadata"}) {
    if (llvm::Function* extra = module->getFunction(halide_name + suffix)) extra->eraseFromParent();
  }
  while (!module->named_metadata_empty())
    module->named_metadata_begin()->eraseFromParent();
  module->setModuleIdentifier(name);
  module->setSourceFileName(name);
  llvm::Function* kernel = module->getFunction(halide_name);
  LINNET_CHECK(kernel && !kernel->isDeclaration(), "Halide made no function @" + name);
  kernel->setName(name);
  for (llvm::Function& function : *module) {
    if (function.isDeclaration()) continue;
    clean(function);
    place_allocations(function);
    // A tile's function is called through a pointer; all else becomes part of its caller.
    function.setLinkage(llvm::GlobalValue::InternalLinkage);
    function.setVisibility(llvm::GlobalValue::DefaultVisibility);
    function.addFnAttr(llvm::Attribute::AlwaysInline);
    if (target.info.fma || target.exact_fma) fuse_multiply_add(function);
    if (!target.info.fma) expand_multiply_add(function);
    expand_rounding(function, target.record);
    drop_fences(function);
    unroll_short_sums(function);
    if (target.record.architecture == Architecture::kAArch64) unroll_vector_sums(function);
  }
  if (!target.record.doubles) expand_double_sums(*module, target.record);
  for (llvm::GlobalVariable& variable : module->globals()) {
    if (variable.hasInitializer()) variable.setLinkage(llvm::GlobalValue::PrivateLinkage);
  }
  return module;
}

void set_target_attributes(llvm::Module& module, const Target& target) {
  for (llvm::Function& function : module) {
    if (function.isIntrinsic()) continue;
    const TargetRecord& record = target.record;
    const bool baseline = record.level > 0 && function.hasFnAttribute("linnet-baseline");
    function.addFnAttr("target-cpu", baseline ? "x86-64" : record.cpu);
    function.addFnAttr("tune-cpu", baseline ? "generic" : target.tune);
    if (!record.features.empty()) function.addFnAttr("target-features", record.features);
    if (!baseline && record.level >= 4) {  // some CPUs' tuning would split vectors of 64 bytes
      function.addFnAttr("prefer-vector-width", "512");
      function.addFnAttr("min-legal-vector-width", "512");
    }
    function.addFnAttr(llvm::Attribute::NoUnwind);
  }
  place_sections(module, target);
}

}  // namespace linnet::codegen
