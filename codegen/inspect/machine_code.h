// Assembly as LLVM reads it: instructions by line, and the loops that branches make of them.
#pragma once

#include "codegen/object/target.h"

#include <llvm/MC/MCAsmInfo.h>
#include <llvm/MC/MCInst.h>
#include <llvm/MC/MCInstrInfo.h>
#include <llvm/MC/MCRegisterInfo.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/MCTargetOptions.h>
#include <llvm/MC/TargetRegistry.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::codegen {

// LLVM's tables of a target's instructions.
struct Machine {
  explicit Machine(const Target& of);

  const Target& target;
  const llvm::Target& back_end;
  llvm::Triple triple;
  llvm::MCTargetOptions options;
  std::unique_ptr<llvm::MCRegisterInfo> registers;
  std::unique_ptr<llvm::MCAsmInfo> syntax;
  std::unique_ptr<llvm::MCInstrInfo> instructions;
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget;  // of the record's CPU and features

  [[nodiscard]] std::unique_ptr<llvm::MCSubtargetInfo> subtarget_of(const std::string& cpu) const;
};

struct CodeLine {
  std::string text;                          // without what LLVM remarks behind it
  std::string label{};                       // if it is one
  std::string block{};                       // of the first line of a block: its name in LLVM IR
  bool spills = false;                       // LLVM says that it saves or restores a register
  std::vector<llvm::MCInst> instructions{};  // one, or what a macro stands for
};

// Lines first … last; of the function's own block from one label or branch to the next, or all that
// is repeated by a branch back.
struct CodeRange {
  size_t first = 0, last = 0;
  [[nodiscard]] bool contains(const CodeRange& other) const {
    return first <= other.first && other.last <= last;
  }
  friend bool operator==(const CodeRange&, const CodeRange&) = default;
};

struct MachineCode {
  std::vector<CodeLine> lines;
  std::vector<CodeRange> loops;   // by their first line, outer ones first
  std::vector<CodeRange> blocks;  // straight pieces, in order
  std::string fault;              // why LLVM does not read it; then no line has instructions

  [[nodiscard]] std::string text() const;
};

// Of functions as LLVM prints them with its remarks (AsmVerbose); directives are dropped.
[[nodiscard]] MachineCode read_assembly(std::string_view text, const Machine& machine);

// The instruction's name in assembly, "vfmadd231ps", and what stands behind it.
[[nodiscard]] std::string_view mnemonic(std::string_view line);

}  // namespace linnet::codegen
