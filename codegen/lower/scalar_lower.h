// A scalar tree of an elementwise op as a Halide expression.
#pragma once

#include "ir/scalar_expr.h"
#include "ir/type.h"

#include <Halide.h>

#include <vector>

namespace linnet::codegen {

// `dtype` is what the op computes in; truth values are Halide booleans (UInt(1)). `as_written`: of
// two products that are added, the second is rounded alone, as C source has it (codegen/source/);
// else LLVM's order of the two decides which is fused with the sum.
[[nodiscard]] Halide::Expr lower_scalar(const ir::ScalarExpr& expr, ir::DType dtype,
                                        const std::vector<Halide::Expr>& arguments,
                                        bool as_written = false);

}  // namespace linnet::codegen
