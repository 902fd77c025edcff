// LLVM's optimiser and code generator: a module to the bytes of an object or assembly.
#include "codegen/object/object.h"

#include "codegen/object/llvm_target.h"

#include "support/check.h"

#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Object/ELFObjectFile.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/TargetParser/Triple.h>

#include <functional>
#include <memory>
#include <optional>

namespace linnet::codegen {
namespace {

constexpr int64_t kReturnAddress = 8;
constexpr int64_t kRealigned = 80;     // up to 63 bytes of alignment and the saved frame pointer
constexpr int64_t kLibraryCall = 512;  // memcpy, memset, memmove of libc; linnet_pool_v1_run

std::unique_ptr<llvm::TargetMachine> machine(const Target& target) {
  llvm::TargetOptions options;
  options.FunctionSections = true;
  options.EmitStackSizeSection = true;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;  // fuse_multiply_add has done it
  options.UniqueSectionNames = true;
  return std::unique_ptr<llvm::TargetMachine>(x86_target().createTargetMachine(
      llvm::Triple(kTriple), target.cpu, "", options, llvm::Reloc::PIC_, llvm::CodeModel::Small,
      llvm::CodeGenOptLevel::Aggressive));
}

llvm::MemoryBufferRef buffer(const std::vector<std::byte>& object) {
  return {llvm::StringRef(reinterpret_cast<const char*>(object.data()), object.size()), "object"};
}

}  // namespace

void optimize(llvm::Module& module, const Target& target) {
  const auto target_machine = machine(target);
  module.setTargetTriple(llvm::Triple(kTriple));
  module.setDataLayout(target_machine->createDataLayout());
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = false;
  tuning.SLPVectorization = false;
  tuning.LoopUnrolling = false;
  tuning.LoopInterleaving = false;
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder passes(target_machine.get(), tuning);
  passes.registerModuleAnalyses(modules);
  passes.registerCGSCCAnalyses(components);
  passes.registerFunctionAnalyses(functions);
  passes.registerLoopAnalyses(loops);
  passes.crossRegisterProxies(loops, functions, components, modules);
  std::string broken;
  llvm::raw_string_ostream out(broken);
  if (llvm::verifyModule(module, &out)) throw InternalError("LLVM IR: " + broken);
  passes.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3).run(module, modules);
}

std::vector<std::byte> emit_object(llvm::Module& module, const Target& target, Emit what) {
  const auto target_machine = machine(target);
  module.setTargetTriple(llvm::Triple(kTriple));
  module.setDataLayout(target_machine->createDataLayout());
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream out(bytes);
  llvm::legacy::PassManager passes;
  const auto type = what == Emit::kObject ? llvm::CodeGenFileType::ObjectFile
                                          : llvm::CodeGenFileType::AssemblyFile;
  LINNET_CHECK(!target_machine->addPassesToEmitFile(passes, out, nullptr, type),
               "LLVM cannot emit this kind of file");
  passes.run(module);
  const auto* begin = reinterpret_cast<const std::byte*>(bytes.data());
  return {begin, begin + bytes.size()};
}

std::map<std::string, FunctionSize> function_sizes(const std::vector<std::byte>& object) {
  auto file = llvm::object::ELFFile<llvm::object::ELF64LE>::create(buffer(object).getBuffer());
  LINNET_CHECK(bool(file), "the object just made is no ELF file");
  std::map<std::string, FunctionSize> sizes;
  constexpr llvm::StringRef kText = ".text.";
  const auto sections = llvm::cantFail(file->sections());
  for (const auto& section : sections) {
    const llvm::StringRef name = llvm::cantFail(file->getSectionName(section));
    if (name.starts_with(kText)) {
      sizes[name.drop_front(kText.size()).str()].code = static_cast<int64_t>(section.sh_size);
    } else if (name == ".stack_sizes") {
      // An address (relocated later) and a ULEB128; the section is linked to its function's.
      const auto text = llvm::cantFail(file->getSectionName(sections[section.sh_link]));
      const auto bytes = llvm::cantFail(file->getSectionContents(section));
      int64_t frame = 0;
      int shift = 0;
      for (size_t i = 8; i < bytes.size(); ++i, shift += 7) {
        frame |= static_cast<int64_t>(bytes[i] & 0x7f) << shift;
        if ((bytes[i] & 0x80) == 0) break;
      }
      if (text.starts_with(kText)) sizes[text.drop_front(kText.size()).str()].frame = frame;
    }
  }
  return sizes;
}

std::span<std::byte> symbol_data(std::vector<std::byte>& object, std::string_view name) {
  using Elf = llvm::object::ELF64LE;
  const auto file = llvm::cantFail(llvm::object::ELFFile<Elf>::create(buffer(object).getBuffer()));
  for (const auto& section : llvm::cantFail(file.sections())) {
    if (section.sh_type != llvm::ELF::SHT_SYMTAB) continue;
    const llvm::StringRef names = llvm::cantFail(file.getStringTableForSymtab(section));
    for (const auto& symbol : llvm::cantFail(file.symbols(&section))) {
      if (llvm::cantFail(symbol.getName(names)) != llvm::StringRef(name)) continue;
      const auto* home = llvm::cantFail(file.getSection(symbol.st_shndx));
      return std::span(object).subspan(home->sh_offset + symbol.st_value, symbol.st_size);
    }
  }
  return {};
}

int64_t stack_bytes(const llvm::Module& module, const std::map<std::string, FunctionSize>& sizes) {
  std::map<const llvm::Function*, std::optional<int64_t>> depths;  // nullopt: being computed
  const std::function<int64_t(const llvm::Function&)> depth =
      [&](const llvm::Function& function) -> int64_t {
    if (function.isDeclaration()) return kLibraryCall;
    const std::string name = function.getName().str();
    if (const auto known = depths.find(&function); known != depths.end()) {
      if (!known->second) throw InternalError("generated code is recursive: " + name);
      return *known->second;
    }
    depths[&function] = std::nullopt;
    int64_t deepest = 0;
    for (const llvm::Instruction& instruction : llvm::instructions(function)) {
      if (const auto* alloca = llvm::dyn_cast<llvm::AllocaInst>(&instruction)) {
        if (!alloca->isStaticAlloca()) throw InternalError("a dynamic alloca in " + name);
      }
      const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
      if (!call || call->isInlineAsm()) continue;
      const llvm::Function* callee = call->getCalledFunction();
      if (!callee) throw InternalError("an indirect call in " + name);
      // Memory intrinsics may become library calls, other intrinsics are instructions.
      if (callee->isIntrinsic() && !llvm::isa<llvm::MemIntrinsic>(instruction)) continue;
      deepest = std::max(deepest,
                         kReturnAddress + (callee->isIntrinsic() ? kLibraryCall : depth(*callee)));
      // A pool of threads calls a kernel's tiles, here too.
      for (const llvm::Use& argument : call->args()) {
        if (const auto* tile = llvm::dyn_cast<llvm::Function>(argument))
          deepest =
              std::max(deepest, kReturnAddress + kLibraryCall + kReturnAddress + depth(*tile));
      }
    }
    const auto size = sizes.find(name);
    LINNET_CHECK(size != sizes.end(), "no stack size of " + name);
    const int64_t total = size->second.frame + kRealigned + deepest;
    depths[&function] = total;
    return total;
  };
  int64_t deepest = 0;
  for (const llvm::Function& function : module) {
    if (!function.isDeclaration() && !function.hasLocalLinkage())
      deepest = std::max(deepest, kReturnAddress + depth(function));
  }
  return deepest;
}

}  // namespace linnet::codegen
