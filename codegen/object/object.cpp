// LLVM's optimiser and code generator: a module to the bytes of an object or assembly.
#include "codegen/object/object.h"

#include "codegen/object/expand_copies.h"
#include "codegen/object/llvm_target.h"
#include "codegen/object/load_lanes.h"
#include "codegen/object/memory_file.h"

#include "support/check.h"

#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/TargetParser/Triple.h>

#include <memory>
#include <optional>

namespace linnet::codegen {
namespace {

std::unique_ptr<llvm::TargetMachine> machine(const Target& target, const std::string& usage = "",
                                             bool remarks = false) {
  llvm::TargetOptions options;
  options.MCOptions.AsmVerbose = remarks;  // of assembly: names of blocks, spills
  options.FunctionSections = true;
  options.EmitStackSizeSection = true;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;  // fuse_multiply_add has done it
  options.UniqueSectionNames = true;
  options.StackUsageOutput = usage;
  const TargetRecord& record = target.record;
  options.MCOptions.ABIName = std::string(record.abi);
  if (record.architecture == Architecture::kArm) options.FloatABIType = llvm::FloatABI::Hard;
  // Firmware and WebAssembly are linked to where they stay.
  const bool fixed = record.format == ObjectFormat::kElf32 || record.format == ObjectFormat::kWasm;
  return std::unique_ptr<llvm::TargetMachine>(llvm_target(record).createTargetMachine(
      llvm::Triple(std::string(record.triple)), std::string(record.cpu),
      std::string(record.features), options, fixed ? llvm::Reloc::Static : llvm::Reloc::PIC_,
      std::nullopt, llvm::CodeGenOptLevel::Aggressive));
}

// LLVM's lines "FILE:FUNCTION<tab>BYTES<tab>static".
Frames frames_of(std::string_view usage) {
  Frames frames;
  while (!usage.empty()) {
    const std::string_view line = usage.substr(0, usage.find('\n'));
    usage.remove_prefix(std::min(usage.size(), line.size() + 1));
    const size_t tab = line.find('\t');
    if (tab == std::string_view::npos) continue;
    const std::string_view function = line.substr(0, tab);
    frames[std::string(function.substr(function.rfind(':') + 1))] =
        std::strtoll(std::string(line.substr(tab + 1)).c_str(), nullptr, 10);
  }
  return frames;
}

}  // namespace

void optimize(llvm::Module& module, const Target& target) {
  const auto target_machine = machine(target);
  module.setTargetTriple(llvm::Triple(std::string(target.record.triple)));
  module.setDataLayout(target_machine->createDataLayout());
  if (target.record.format == ObjectFormat::kElf32) expand_copies(module);
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
  if (target.record.architecture != Architecture::kAArch64) return;
  for (llvm::Function& function : module)
    load_lanes(function);
}

std::vector<std::byte> emit_object(llvm::Module& module, const Target& target, Emit what,
                                   Frames* frames) {
  const MemoryFile usage("stack usage");
  const auto target_machine = machine(target, frames ? usage.path() : "", what == Emit::kAssembly);
  module.setTargetTriple(llvm::Triple(std::string(target.record.triple)));
  module.setDataLayout(target_machine->createDataLayout());
  // libc's functions are found when the program starts: the linker's stub, which looks for one at
  // its first call, takes some kilobytes of stack that STACK_BYTES does not have.
  if (target.record.format == ObjectFormat::kElf64) module.setRtLibUseGOT();
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream out(bytes);
  {
    llvm::legacy::PassManager passes;
    const auto type = what == Emit::kObject ? llvm::CodeGenFileType::ObjectFile
                                            : llvm::CodeGenFileType::AssemblyFile;
    LINNET_CHECK(!target_machine->addPassesToEmitFile(passes, out, nullptr, type),
                 "LLVM cannot emit this kind of file");
    passes.run(module);
  }  // the stack usage is written when the passes end
  if (frames) *frames = frames_of(usage.read());
  const auto* begin = reinterpret_cast<const std::byte*>(bytes.data());
  return {begin, begin + bytes.size()};
}

}  // namespace linnet::codegen
