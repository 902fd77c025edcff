// Halide's bitcode becomes ours: what LLVM objects pass around inside codegen/.
#pragma once

#include "codegen/object/target.h"

#include <llvm/IR/Module.h>

#include <memory>
#include <string>

namespace linnet::codegen {

// Reads a kernel's function, alone of its module, and calls it `name`: Halide's wrappers, metadata,
// attributes and floating-point flags are gone; products that feed one sum are fused
// (fuse_multiply_add), where the target has the instruction. Throws InternalError if the bitcode
// does not parse.
[[nodiscard]] std::unique_ptr<llvm::Module> import_kernel(llvm::LLVMContext& context,
                                                          const std::string& bitcode,
                                                          const std::string& name,
                                                          const Target& target);

// Gives every function the target's attributes, the same ones, or nothing is inlined.
void set_target_attributes(llvm::Module& module, const Target& target);

}  // namespace linnet::codegen
