// The kernel families: what translates the schedule of each (passes/schedule/families.def).
#pragma once

#include "codegen/lower/lowering.h"
#include "passes/schedule/families.h"

#include <vector>

namespace linnet::codegen {

// codegen/kernels/, one file each: outputs of the kernel, scheduled.
#define LINNET_FAMILY(name, Struct)                                                                \
  [[nodiscard]] std::vector<Halide::Func> lower(Lowering& lowering, const passes::Struct& schedule);
#include "passes/schedule/families.def"
#undef LINNET_FAMILY

// By the family that the schedule names; it must be legal.
[[nodiscard]] std::vector<Halide::Func> lower(Lowering& lowering, const ir::Schedule& schedule);

// Taps along a row that are written out one after the other; more are a loop.
inline constexpr int64_t kMostUnrolledTaps = 11;

// The node with trait kAnchor of a kernel that has one.
[[nodiscard]] const ir::Node& anchor_of(const ir::Graph& kernel);

}  // namespace linnet::codegen
