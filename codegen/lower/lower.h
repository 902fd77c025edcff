// One outlined kernel becomes one Halide pipeline. Only codegen/ includes this: it shows Halide.
#pragma once

#include "codegen/object/target.h"
#include "ir/module.h"

#include <Halide.h>

#include <vector>

namespace linnet::codegen {

// Arguments are the kernel graph's inputs, then its outputs, each a halide_buffer_t of fixed
// extents and strides (physical dimensions, innermost first). Kernels are compiled with
// strict_float, no_runtime, no_asserts, no_bounds_query.
struct LoweredKernel {
  std::vector<Halide::Argument> arguments;  // inputs
  Halide::Pipeline pipeline;                // outputs, in order
};

// `kernel` is verified, has a schedule, and every input and output carries a Storage whose
// memory says exact (kInput, kOutput: 4-byte aligned, nothing touched outside) or padded
// (kArena, kConstant, kSlot: 64-byte aligned, whole vectors). Throws InternalError on what passes
// should not have let through.
[[nodiscard]] LoweredKernel lower_kernel(const ir::Graph& kernel, const Target& target);

}  // namespace linnet::codegen
