// The definitions of single functions in the texts of a module.
#pragma once

#include <string>
#include <string_view>

namespace linnet::codegen {

// In LLVM IR, "" if there is none: it was inlined.
[[nodiscard]] std::string llvm_function(std::string_view module, const std::string& name);
// In assembly, from its label to its size.
[[nodiscard]] std::string assembly_function(std::string_view module, const std::string& name);

}  // namespace linnet::codegen
