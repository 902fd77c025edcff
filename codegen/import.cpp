#include "codegen/import.h"

#include "codegen/bitcode.h"
#include "codegen/expand_multiply_add.h"
#include "codegen/fuse_multiply_add.h"

#include "support/check.h"

#include <llvm/Bitcode/BitcodeReader.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
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

}  // namespace

std::unique_ptr<llvm::Module> import_kernel(llvm::LLVMContext& context, const std::string& bitcode,
                                            const std::string& name, const Target& target) {
  auto parsed = llvm::parseBitcodeFile(
      llvm::MemoryBufferRef(llvm::StringRef(bitcode), llvm::StringRef(name)), context);
  if (!parsed) throw InternalError("bitcode of @" + name + ": " + toString(parsed.takeError()));
  std::unique_ptr<llvm::Module> module = std::move(*parsed);
  const std::string halide_name = kBitcodePrefix + name;
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
    // A tile's function is called through a pointer; all else becomes part of its caller.
    function.setLinkage(llvm::GlobalValue::InternalLinkage);
    function.setVisibility(llvm::GlobalValue::DefaultVisibility);
    function.addFnAttr(llvm::Attribute::AlwaysInline);
    if (target.info.fma) {
      fuse_multiply_add(function);
    } else {
      expand_multiply_add(function);
    }
  }
  for (llvm::GlobalVariable& variable : module->globals()) {
    if (variable.hasInitializer()) variable.setLinkage(llvm::GlobalValue::PrivateLinkage);
  }
  return module;
}

void set_target_attributes(llvm::Module& module, const Target& target) {
  for (llvm::Function& function : module) {
    if (function.isIntrinsic()) continue;
    const bool baseline = function.hasFnAttribute("linnet-baseline");
    function.addFnAttr("target-cpu", baseline ? "x86-64" : target.cpu);
    function.addFnAttr("tune-cpu", baseline ? "generic" : target.tune);
    if (!baseline && target.level >= 4) {  // some CPUs' tuning would split vectors of 64 bytes
      function.addFnAttr("prefer-vector-width", "512");
      function.addFnAttr("min-legal-vector-width", "512");
    }
    function.addFnAttr(llvm::Attribute::NoUnwind);
  }
}

}  // namespace linnet::codegen
