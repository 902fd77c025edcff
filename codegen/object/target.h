// The machines linnet generates code for: one table, never the host's own guess.
#pragma once

#include "passes/lib/target_info.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::codegen {

enum class Architecture : uint8_t { kX86, kAArch64, kArm, kRiscV, kWasm };
enum class ObjectFormat : uint8_t { kElf64, kElf32, kMachO, kCoff, kWasm };

// What can be made for a machine, beside objects and libraries, which all have.
enum ProductBits : uint8_t { kSharedLibrary = 1, kExecutable = 2, kWasmModule = 4 };

// An instruction set and what surrounds it. docs/targets.md shows the table.
struct TargetRecord {
  std::string_view name{};   // as --target takes it
  std::string_view about{};  // whose it is
  Architecture architecture = Architecture::kX86;
  ObjectFormat format = ObjectFormat::kElf64;
  std::string_view triple{}, cpu{}, features{}, abi{};  // LLVM's
  std::string halide{};  // Halide's target, without the flags all share
  int level = 0;         // of the x86-64 psABI
  int64_t pointer_bytes = 8;
  passes::TargetInfo info{};
  bool vectors = true;          // in registers; otherwise LLVM takes them apart
  bool rounds = true;           // f32 to whole numbers by an instruction
  bool doubles = true;          // computes f64 by instructions
  uint8_t products = 0;         // of ProductBits
  std::string_view compiler{};  // links for it, as Debian calls it; "cc" for x86-64
  std::string_view flags{};     // which a program beside a library is compiled with
  std::string_view package{};   // Debian's, that has the compiler
  std::string_view emulator{};  // runs its executables here

  [[nodiscard]] bool is_elf() const {
    return format == ObjectFormat::kElf64 || format == ObjectFormat::kElf32;
  }
  // Has it a switch that takes denormal numbers for zeros?
  [[nodiscard]] bool flushes_denormals() const {
    return architecture != Architecture::kRiscV && architecture != Architecture::kWasm;
  }
};

[[nodiscard]] std::span<const TargetRecord> targets();

struct Target {
  // Instructions are the record's, whichever CPU was named: a model for znver4 runs on every CPU of
  // x86-64-v4. The CPU decides only the order of instructions.
  TargetRecord record;
  passes::TargetInfo info;  // the record's, under the name that was given
  std::string tune;         // LLVM's name of the CPU to schedule for, "znver4" or "generic"
  bool exact_fma = false;   // products and sums are rounded once though no instruction does so
  // Where a linker script finds code and constants, of ELF; "": .text and .rodata.
  std::string code_section{}, constants_section{};

  [[nodiscard]] bool makes(ProductBits product) const { return (record.products & product) != 0; }
};

// TARGET[:CPU]: a name of the table, an LLVM triple or a CPU's name ("native": the host's).
// On failure a message with the nearest names.
struct FoundTarget {
  bool ok = false;
  Target target;
  std::string message;
};
[[nodiscard]] FoundTarget find_target(std::string_view name);
[[nodiscard]] std::string host_cpu();
// What is wrong with the name of a section for code or for constants; "": nothing.
[[nodiscard]] std::string section_fault(std::string_view name, bool code);
// Does this machine have the target's instructions?
[[nodiscard]] bool runs_here(const Target& target);

}  // namespace linnet::codegen
