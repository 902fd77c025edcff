// Flush-to-zero around an entry: bits 15 and 6 of MXCSR (Intel SDM, volume 1, 10.2.3), bit 24 of
// FPCR and FPSCR (Arm ARM, D24.2.49 and G8.2.58).
#include "codegen/object/flush_denormals.h"

#include "support/check.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicsAArch64.h>
#include <llvm/IR/IntrinsicsARM.h>
#include <llvm/IR/IntrinsicsX86.h>

namespace linnet::codegen {
namespace {

using llvm::Value;

// The register that holds the switch: read, and written.
class Control {
public:
  Control(llvm::IRBuilder<>& builder, Architecture architecture)
      : b_(builder), architecture_(architecture) {
    if (architecture == Architecture::kX86) memory_ = b_.CreateAlloca(b_.getInt32Ty());
  }
  Value* read() {
    switch (architecture_) {
    case Architecture::kAArch64:
      return b_.CreateIntrinsic(llvm::Intrinsic::aarch64_get_fpcr, {});
    case Architecture::kArm:
      return b_.CreateIntrinsic(llvm::Intrinsic::arm_get_fpscr, {});
    default:
      b_.CreateIntrinsic(llvm::Intrinsic::x86_sse_stmxcsr, {memory_});
      return b_.CreateLoad(b_.getInt32Ty(), memory_);
    }
  }
  void write(Value* value) {
    switch (architecture_) {
    case Architecture::kAArch64:
      b_.CreateIntrinsic(llvm::Intrinsic::aarch64_set_fpcr, {value});
      return;
    case Architecture::kArm:
      b_.CreateIntrinsic(llvm::Intrinsic::arm_set_fpscr, {value});
      return;
    default:
      b_.CreateStore(value, memory_);
      b_.CreateIntrinsic(llvm::Intrinsic::x86_sse_ldmxcsr, {memory_});
    }
  }
  [[nodiscard]] uint64_t flush() const {
    return architecture_ == Architecture::kX86 ? 1u << 15 | 1u << 6 : 1u << 24;
  }

private:
  llvm::IRBuilder<>& b_;
  Architecture architecture_;
  Value* memory_ = nullptr;
};

}  // namespace

void flush_denormals(llvm::Module& module, const std::string& name, const TargetRecord& record) {
  llvm::Function* body = module.getFunction(name);
  LINNET_CHECK(body != nullptr, "no function " + name);
  body->setName(name + "_body");
  auto* entry = llvm::Function::Create(body->getFunctionType(), body->getLinkage(), name, module);
  entry->copyAttributesFrom(body);
  body->replaceAllUsesWith(entry);
  body->setLinkage(llvm::GlobalValue::InternalLinkage);
  // Inlined, its arithmetic would be free to move past the instructions that set the register.
  body->addFnAttr(llvm::Attribute::NoInline);
  llvm::IRBuilder<> b(llvm::BasicBlock::Create(module.getContext(), "entry", entry));
  Control control(b, record.architecture);
  Value* before = control.read();
  control.write(b.CreateOr(before, control.flush()));
  std::vector<llvm::Value*> arguments;
  for (llvm::Argument& argument : entry->args())
    arguments.push_back(&argument);
  llvm::Value* status = b.CreateCall(body, arguments);
  control.write(before);
  b.CreateRet(status);
}

llvm::Function* body_of(llvm::Module& module, const std::string& name) {
  llvm::Function* body = module.getFunction(name + "_body");
  return body ? body : module.getFunction(name);
}

}  // namespace linnet::codegen
