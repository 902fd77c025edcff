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
// Bytes of stack that a function itself takes, by name.
using Frames = std::map<std::string, int64_t>;

// Position-independent (firmware: not), a section for each function. `frames`, if given, is filled.
[[nodiscard]] std::vector<std::byte> emit_object(llvm::Module& module, const Target& target,
                                                 Emit what = Emit::kObject,
                                                 Frames* frames = nullptr);

// Bytes of machine code, by function.
[[nodiscard]] std::map<std::string, int64_t> code_sizes(const std::vector<std::byte>& object,
                                                        const Target& target);

// The bytes of a variable of the object, empty if it has none of this name.
[[nodiscard]] std::span<std::byte> symbol_data(std::vector<std::byte>& object,
                                               std::string_view name);

// Longest path over the call graph of the optimised module from any function that is visible
// outside: frames, 8 for each return address, 80 for each frame that may be realigned.
// Throws InternalError on recursion, indirect calls and dynamic allocas, which nothing may contain.
[[nodiscard]] int64_t stack_bytes(const llvm::Module& module, const Frames& frames);
// More than it: as if every function were on the path.
[[nodiscard]] int64_t stack_bytes_of_all(const Frames& frames);

}  // namespace linnet::codegen
