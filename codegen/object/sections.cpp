// Functions and constants in sections of the user's.
#include "codegen/object/sections.h"

#include <array>
#include <cctype>

namespace linnet::codegen {
namespace {

// ELF gives sections a kind by their names; these hold neither code nor constants.
constexpr std::array<std::string_view, 16> kOthers = {
    ".bss",           ".sbss",  ".tbss",    ".tdata",   ".init_array", ".fini_array",
    ".preinit_array", ".note",  ".debug",   ".rel",     ".symtab",     ".strtab",
    ".shstrtab",      ".group", ".comment", ".eh_frame"};

}  // namespace

std::string section_fault(std::string_view name, bool code) {
  for (const char c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '_' && c != '-')
      return "a section's name has letters, digits and . _ -";
  }
  if (name.empty() || name.size() > 100) return "a section's name has 1 to 100 characters";
  for (const std::string_view other : kOthers) {
    if (name.starts_with(other)) return "sections " + std::string(other) + "… have another purpose";
  }
  for (const char* data : {".data", ".sdata", ".rodata", ".srodata"}) {
    if (code && name.starts_with(data)) return "code cannot be in a section of data";
  }
  if (!code && name.starts_with(".text")) return "constants cannot be in a section of code";
  return "";
}

void place_sections(llvm::Module& module, const Target& target) {
  if (!target.code_section.empty()) {
    for (llvm::Function& function : module) {
      if (!function.isDeclaration()) function.setSection(target.code_section);
    }
  }
  if (target.constants_section.empty()) return;
  for (llvm::GlobalVariable& variable : module.globals()) {
    if (variable.hasInitializer() && variable.isConstant())
      variable.setSection(target.constants_section);
  }
}

}  // namespace linnet::codegen
