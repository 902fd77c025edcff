// The elementary functions of base/math.h as Halide expressions: the same bits.
#pragma once

#include "ir/scalar_expr.h"

#include <Halide.h>

#include <vector>

namespace linnet::codegen {

// Those of ir/scalar_ops.def, for f32 and f64.
[[nodiscard]] Halide::Expr elementary(ir::ScalarOp op, const std::vector<Halide::Expr>& operands);

}  // namespace linnet::codegen
