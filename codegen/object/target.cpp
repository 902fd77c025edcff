// The three levels of x86-64 with their features, and which CPU names belong to which.
#include "codegen/object/target.h"

#include "codegen/object/llvm_target.h"

#include "support/check.h"
#include "support/text.h"

#include <llvm/ADT/StringMap.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/TargetParser/Triple.h>

#include <algorithm>
#include <array>
#include <memory>

namespace linnet::codegen {
namespace {

// What each level of the x86-64 psABI brings that generated code uses; the rest follows from it.
struct Level {
  int level;
  std::string_view name;
  int64_t vector_bytes;
  int64_t vector_registers;
  bool fma;
  std::vector<std::string> needs;  // LLVM's feature names
};

const std::array<Level, 3>& levels() {
  static const std::array<Level, 3> kLevels = {
      Level{4,
            "x86-64-v4",
            64,
            32,
            true,
            {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}},
      Level{3, "x86-64-v3", 32, 16, true, {"avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe"}},
      Level{2, "x86-64-v2", 16, 16, false, {"cx16", "popcnt", "sse4.2", "ssse3"}}};
  return kLevels;
}

std::unique_ptr<llvm::MCSubtargetInfo> subtarget(const std::string& cpu) {
  return std::unique_ptr<llvm::MCSubtargetInfo>(
      x86_target().createMCSubtargetInfo(llvm::Triple(kTriple), cpu, ""));
}

// The highest level all of whose features `has` confirms, or nullptr.
template <class Has> const Level* level_of(const Has& has) {
  for (const Level& level : levels()) {
    bool all = true;
    for (const std::string& feature : level.needs)
      all = all && has(feature);
    if (all) return &level;
  }
  return nullptr;
}

const Level* level_of_host() {
  const llvm::StringMap<bool, llvm::MallocAllocator> features = llvm::sys::getHostCPUFeatures();
  return level_of([&](const std::string& feature) { return features.lookup(feature); });
}

std::vector<std::string> cpu_names() {
  std::vector<std::string> names;
  for (const llvm::SubtargetSubTypeKV& cpu : subtarget("x86-64")->getAllProcessorDescriptions())
    names.emplace_back(cpu.Key);
  return names;
}

FoundTarget found(std::string_view name, const std::string& tune, const Level& level) {
  FoundTarget result;
  result.ok = true;
  Target& target = result.target;
  target.info.name = std::string(name);
  target.info.vector_bytes = level.vector_bytes;
  target.info.vector_registers = level.vector_registers;
  target.info.fma = level.fma;
  target.cpu = std::string(level.name);
  target.tune = tune;
  target.level = level.level;
  return result;
}

}  // namespace

const llvm::Target& x86_target() {
  static const llvm::Target* const target = [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeX86AsmParser();
    std::string error;
    const llvm::Target* found = llvm::TargetRegistry::lookupTarget(llvm::Triple(kTriple), error);
    LINNET_CHECK(found != nullptr, error);
    return found;
  }();
  return *target;
}

std::string host_cpu() {
  return llvm::sys::getHostCPUName().str();
}

FoundTarget find_target(std::string_view name) {
  for (const Level& level : levels()) {
    if (name == level.name) return found(name, "generic", level);
  }
  FoundTarget failure;
  if (name == "native") {
    const Level* level = level_of_host();
    if (level) return found(host_cpu(), host_cpu(), *level);
    failure.message = "this machine has less than x86-64-v2, the least linnet generates code for";
    return failure;
  }
  const std::vector<std::string> names = cpu_names();
  if (std::ranges::find(names, name) == names.end()) {
    failure.message = "no CPU '" + std::string(name) +
                      "'; a name LLVM knows (znver4, skylake-avx512), x86-64-v2, -v3, -v4 or "
                      "native is expected";
    const std::string near = did_you_mean(name, names);
    if (!near.empty()) failure.message += "; " + near;
    return failure;
  }
  const auto info = subtarget(std::string(name));
  const Level* level =
      level_of([&](const std::string& feature) { return info->checkFeatures("+" + feature); });
  if (level) return found(name, std::string(name), *level);
  failure.message = "CPU '" + std::string(name) +
                    "' has less than x86-64-v2, the least linnet generates code for";
  return failure;
}

bool runs_here(const Target& target) {
  const Level* level = level_of_host();
  return level && level->level >= target.level;
}

}  // namespace linnet::codegen
