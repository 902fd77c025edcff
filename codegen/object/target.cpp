// Finds a machine of the table by its name, a triple of LLVM's or a CPU's.
#include "codegen/object/target.h"

#include "codegen/object/llvm_target.h"

#include "support/check.h"
#include "support/text.h"

#include <fmt/format.h>

#include <llvm/ADT/StringMap.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/TargetParser/Triple.h>

#include <algorithm>
#include <memory>

namespace linnet::codegen {
namespace {

// What each level of the x86-64 psABI brings that generated code uses; the rest follows from it.
// LLVM's feature names.
const std::vector<std::string>& needs(int level) {
  static const std::vector<std::string> kLevels[] = {
      {"cx16", "popcnt", "sse4.2", "ssse3"},
      {"avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe"},
      {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}};
  return kLevels[level - 2];
}

std::unique_ptr<llvm::MCSubtargetInfo> subtarget(const TargetRecord& record,
                                                 const std::string& cpu) {
  return std::unique_ptr<llvm::MCSubtargetInfo>(
      llvm_target(record).createMCSubtargetInfo(llvm::Triple(std::string(record.triple)), cpu, ""));
}

const TargetRecord& record_of(std::string_view name) {
  const auto at = std::ranges::find(targets(), name, &TargetRecord::name);
  LINNET_CHECK(at != targets().end(), "no such row of the table");
  return *at;
}

// The highest level all of whose features `has` confirms, or nullptr.
template <class Has> const TargetRecord* level_of(const Has& has) {
  for (int level = 4; level >= 2; --level) {
    if (std::ranges::all_of(needs(level), has)) return &record_of(fmt::format("x86-64-v{}", level));
  }
  return nullptr;
}

const TargetRecord* level_of_host() {
  const llvm::StringMap<bool, llvm::MallocAllocator> features = llvm::sys::getHostCPUFeatures();
  return level_of([&](const std::string& feature) { return features.lookup(feature); });
}

std::vector<std::string> cpu_names(const TargetRecord& record) {
  std::vector<std::string> names;
  for (const llvm::SubtargetSubTypeKV& cpu : subtarget(record, "")->getAllProcessorDescriptions())
    names.emplace_back(cpu.Key);
  return names;
}

bool knows(const TargetRecord& record, std::string_view cpu) {
  const std::vector<std::string> names = cpu_names(record);
  return std::ranges::find(names, cpu) != names.end();
}

FoundTarget found(std::string_view name, std::string_view tune, const TargetRecord& record) {
  FoundTarget result{true, {record, record.info, std::string(tune)}, ""};
  result.target.info.name = std::string(name);
  return result;
}

FoundTarget not_found(std::string message) {
  return {false, {}, std::move(message)};
}

// A CPU of x86-64 stands for a level, every other one for its place in the order of instructions.
FoundTarget x86_cpu(std::string_view name, std::string_view cpu, const TargetRecord& row) {
  const auto info = subtarget(row, std::string(cpu));
  const TargetRecord* level =
      level_of([&](const std::string& feature) { return info->checkFeatures("+" + feature); });
  if (!level)
    return not_found(
        fmt::format("CPU '{}' has less than x86-64-v2, the least linnet generates code for", cpu));
  if (row.format == ObjectFormat::kElf64) return found(name, cpu, *level);
  // Another system's objects with this level's instructions.
  TargetRecord other = row;
  other.level = level->level;
  other.cpu = level->cpu;
  other.info = level->info;
  constexpr std::string_view kLinux = "linux";
  other.halide = level->halide;
  other.halide.replace(other.halide.find(kLinux), kLinux.size(), "windows");
  return found(name, cpu, other);
}

FoundTarget with_cpu(std::string_view name, std::string_view cpu, const TargetRecord& row) {
  if (cpu.empty()) return found(name, "generic", row);
  const auto own = std::ranges::find(targets(), cpu, &TargetRecord::name);
  if (own != targets().end() && own->triple == row.triple) return found(name, cpu, *own);
  if (knows(row, cpu)) return row.level > 0 ? x86_cpu(name, cpu, row) : found(name, cpu, row);
  std::string message =
      fmt::format("no CPU '{}' of {}; a name LLVM knows is expected", cpu, row.name);
  const std::string near = did_you_mean(cpu, cpu_names(row));
  if (!near.empty()) message += "; " + near;
  return not_found(std::move(message));
}

// The row that a triple such as "aarch64-linux-gnu" or "x86_64-pc-linux-gnu" means, or nullptr.
const TargetRecord* of_triple(std::string_view name) {
  const llvm::Triple asked(llvm::Triple::normalize(std::string(name)));
  if (asked.getArch() == llvm::Triple::UnknownArch || name.find('-') == std::string_view::npos)
    return nullptr;
  for (const TargetRecord& row : targets()) {
    const llvm::Triple own{std::string(row.triple)};
    if (own.getArch() == asked.getArch() && own.getSubArch() == asked.getSubArch() &&
        own.getOS() == asked.getOS() && own.getEnvironment() == asked.getEnvironment() &&
        row.level != 4)  // a triple of x86-64 alone says nothing of AVX-512
      return &row;
  }
  return nullptr;
}

std::vector<std::string> known_names() {
  std::vector<std::string> names = {"native"};
  for (const TargetRecord& row : targets())
    names.emplace_back(row.name);
  return names;
}

}  // namespace

const llvm::Target& llvm_target(const TargetRecord& record) {
  static const bool registered = [] {
#define LINNET_BACK_END(name)                                                                      \
  LLVMInitialize##name##TargetInfo();                                                              \
  LLVMInitialize##name##Target();                                                                  \
  LLVMInitialize##name##TargetMC();                                                                \
  LLVMInitialize##name##AsmPrinter();                                                              \
  LLVMInitialize##name##AsmParser();
    LINNET_BACK_END(X86)
    LINNET_BACK_END(AArch64)
    LINNET_BACK_END(ARM)
    LINNET_BACK_END(RISCV)
    LINNET_BACK_END(WebAssembly)
#undef LINNET_BACK_END
    return true;
  }();
  LINNET_CHECK(registered, "no back end");
  std::string error;
  const llvm::Target* found =
      llvm::TargetRegistry::lookupTarget(llvm::Triple(std::string(record.triple)), error);
  LINNET_CHECK(found != nullptr, error);
  return *found;
}

std::string host_cpu() {
  return llvm::sys::getHostCPUName().str();
}

FoundTarget find_target(std::string_view name) {
  if (name == "native") {
    const TargetRecord* level = level_of_host();
    if (level) return found(host_cpu(), host_cpu(), *level);
    return not_found("this machine has less than x86-64-v2, the least linnet generates code for");
  }
  const size_t colon = name.find(':');
  const std::string_view first = name.substr(0, colon);
  const std::string_view cpu = colon == std::string_view::npos ? "" : name.substr(colon + 1);
  const auto row = std::ranges::find(targets(), first, &TargetRecord::name);
  if (row != targets().end()) return with_cpu(name, cpu, *row);
  if (const TargetRecord* of = of_triple(first)) return with_cpu(name, cpu, *of);
  std::vector<std::string> names = known_names();
  for (const std::string_view family : {"x86-64-v3", "aarch64"}) {
    const TargetRecord& base = record_of(family);
    if (colon == std::string_view::npos && knows(base, name))
      return base.level > 0 ? x86_cpu(name, name, base) : found(name, name, base);
    std::ranges::copy(cpu_names(base), std::back_inserter(names));
  }
  std::string message =
      fmt::format("no target '{}'; native, a CPU's name (znver4, cortex-a72) or a "
                  "name of `linnet targets` is expected",
                  name);
  const std::string near = did_you_mean(first, names);
  if (!near.empty()) message += "; " + near;
  return not_found(std::move(message));
}

bool runs_here(const Target& target) {
  if (target.record.level == 0 || target.record.format != ObjectFormat::kElf64) return false;
  const TargetRecord* level = level_of_host();
  return level && level->level >= target.record.level;
}

}  // namespace linnet::codegen
