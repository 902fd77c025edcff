// A kernel graph → LLVM bitcode, by Halide. What comes out is still Halide's; import.h cleans it.
#pragma once

#include "codegen/object/target.h"
#include "ir/graph.h"

#include <string>

namespace linnet::codegen {

// Halide has names of its own, such as exp_f32, that a kernel must not meet.
inline constexpr const char* kBitcodeName = "linnet_kernel";

// The function is called kBitcodeName, whatever the kernel is called: no name of a model's is in
// its bitcode. Throws InternalError with Halide's message on failure, and on any warning. `stmt`,
// if given, becomes Halide's lowered code as text.
[[nodiscard]] std::string kernel_bitcode(const ir::Graph& kernel, const Target& target,
                                         std::string* stmt = nullptr);

}  // namespace linnet::codegen
