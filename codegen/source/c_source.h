// A planned model as one portable C99 file and its header: no Halide, no LLVM, the same functions
// as a library's, and the bits of a library of the scalar order.
#pragma once

#include "codegen/emit/compile.h"
#include "ir/module.h"

#include <optional>
#include <span>
#include <string>

namespace linnet::codegen {

// The order of sums that C has: each is one chain, in the order of its loops, whatever the target.
// No kernel family but those of that order takes a kernel.
[[nodiscard]] passes::TargetInfo in_scalar_order(passes::TargetInfo info);
// What a model is planned for to become C: "c99", with fused multiply-add.
[[nodiscard]] Target source_target();

// Of kernels: a node that has no C, and why; nothing if all can be written.
struct NotInC {
  ir::Place place;
  std::string what;
};
[[nodiscard]] std::optional<NotInC> not_in_c(std::span<const ir::Module> modules);

// Fills in `source` and `header`. `modules` as compile() takes them, planned for source_target(),
// and of which nothing is not_in_c.
[[nodiscard]] Result<Compiled, Failure> c_source(std::span<const ir::Module> modules,
                                                 const CompileOptions& options);

}  // namespace linnet::codegen
