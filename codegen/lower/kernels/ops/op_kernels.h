// How each LINNET_KERNEL_OP of ir/ops.def becomes an expression: the element of its result at a
// position. One file an op, of its name.
#pragma once

#include "codegen/lower/lowering.h"

namespace linnet::codegen {

#define LINNET_KERNEL_OP(name)                                                                     \
  [[nodiscard]] Halide::Expr lower_##name(Lowering&, const ir::Node&, const Position&);
#include "ir/ops.def"

}  // namespace linnet::codegen
