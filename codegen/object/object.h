// LLVM module → object bytes.
#pragma once

#include "codegen/object/target.h"

#include <llvm/IR/Module.h>

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::codegen {

// -O3 less what the schedule owns: no loop vectoriser, no SLP, no unroller.
void optimize(llvm::Module& module, const Target& target);

enum class Emit { kObject, kAssembly };
// Position-independent, a section for each function, sizes of stack frames in .stack_sizes.
[[nodiscard]] std::vector<std::byte> emit_object(llvm::Module& module, const Target& target,
                                                 Emit what = Emit::kObject);

struct FunctionSize {
  int64_t code = 0;   // bytes
  int64_t frame = 0;  // bytes of stack the function itself takes
};
// By symbol, read from an object of emit_object.
[[nodiscard]] std::map<std::string, FunctionSize>
function_sizes(const std::vector<std::byte>& object);

// The bytes of a variable of the object, empty if it has none of this name.
[[nodiscard]] std::span<std::byte> symbol_data(std::vector<std::byte>& object,
                                               std::string_view name);

// Longest path over the call graph of the optimised module from any function that is visible
// outside: frames, 8 for each return address, 80 for each frame that may be realigned.
// Throws InternalError on recursion, indirect calls and dynamic allocas, which nothing may contain.
[[nodiscard]] int64_t stack_bytes(const llvm::Module& module,
                                  const std::map<std::string, FunctionSize>& sizes);

}  // namespace linnet::codegen
