// The elementary functions of base/math.h as Halide expressions: the same bits.
#pragma once

#include "ir/scalar_expr.h"

#include <Halide.h>

#include <vector>

namespace linnet::codegen {

// Those of ir/scalar_ops.def, for f32 and f64.
[[nodiscard]] Halide::Expr elementary(ir::ScalarOp op, const std::vector<Halide::Expr>& operands);
// An operation of LLVM on floats, "llvm.fabs". Where a machine lacks the instruction, Halide's own
// forms of some are not exact: abs keeps the sign of −0, round takes 2^31 for infinity and 0 for
// NaN.
[[nodiscard]] Halide::Expr intrinsic(const char* name, const std::vector<Halide::Expr>& operands);

// The sign bit alone, of 0 too.
[[nodiscard]] Halide::Expr negated(const Halide::Expr& x);
// The value itself, which no sum is fused with (object/fuse_multiply_add.h).
[[nodiscard]] Halide::Expr fenced(const Halide::Expr& value);

}  // namespace linnet::codegen
