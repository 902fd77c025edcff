// The kernel families: what translates the schedule of each (passes/schedule/families.def).
#pragma once

#include "codegen/lower/lowering.h"
#include "passes/schedule/families.h"

#include <vector>

namespace linnet::codegen {

// codegen/lower/kernels/NAME.cpp: outputs of the kernel, scheduled.
#define LINNET_FAMILY(name)                                                                        \
  [[nodiscard]] std::vector<Halide::Func> name##_kernel(Lowering& lowering,                        \
                                                        const ir::Schedule& schedule);
#include "passes/schedule/families.def"

// By the family that the schedule names; it must be legal.
[[nodiscard]] std::vector<Halide::Func> lower(Lowering& lowering, const ir::Schedule& schedule);

// The node with trait kAnchor of a kernel that has one.
[[nodiscard]] const ir::Node& anchor_of(const ir::Graph& kernel);

}  // namespace linnet::codegen
