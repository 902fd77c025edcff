// A scalar tree of an elementwise op as a Halide expression.
#pragma once

#include "ir/scalar_expr.h"
#include "ir/type.h"

#include <Halide.h>

#include <vector>

namespace linnet::codegen {

// `dtype` is what the op computes in; truth values are Halide booleans (UInt(1)).
[[nodiscard]] Halide::Expr lower_scalar(const ir::ScalarExpr& expr, ir::DType dtype,
                                        const std::vector<Halide::Expr>& arguments);

}  // namespace linnet::codegen
