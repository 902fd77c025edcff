// Finds functions in the texts that LLVM prints.
#include "codegen/inspect/functions.h"

namespace linnet::codegen {

std::string llvm_function(std::string_view module, const std::string& name) {
  const std::string needle = "@" + name + "(";
  for (size_t at = module.find("\ndefine "); at != module.npos;
       at = module.find("\ndefine ", at + 1)) {
    const size_t line = module.find('\n', at + 1);
    if (module.substr(at, line - at).find(needle) == module.npos) continue;
    return std::string(module.substr(at + 1, module.find("\n}\n", line) + 2 - at));
  }
  return "";
}

std::string assembly_function(std::string_view module, const std::string& name) {
  size_t begin = module.find("\n" + name + ":");
  if (begin == module.npos) begin = module.find("\n_" + name + ":");  // Mach-O
  if (begin == module.npos) return "";
  size_t end = module.find("\n\t.size\t" + name + ",", begin);
  if (end == module.npos) end = module.find("func_end", begin);  // no ELF
  if (end != module.npos) end = module.rfind('\n', end);
  return std::string(module.substr(begin + 1, end == module.npos ? end : end - begin)) + "\n";
}

}  // namespace linnet::codegen
