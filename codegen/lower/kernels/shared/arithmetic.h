// Arithmetic as the evaluator has it, where Halide's own differs.
#pragma once

#include "codegen/lower/lowering.h"

namespace linnet::codegen {

// NaN from either side is kept; of equal values the first is taken (ir/scalar_math.h).
[[nodiscard]] Halide::Expr larger(const Halide::Expr& a, const Halide::Expr& b);
[[nodiscard]] Halide::Expr smaller(const Halide::Expr& a, const Halide::Expr& b);
// The largest of some floats, NaN if any is: a maximum for each and a test for every two, where
// `larger` takes two tests and a choice for each.
[[nodiscard]] Halide::Expr largest(const std::vector<Halide::Expr>& elements);
// Where they begin: infinite, or the end of the integer's range.
[[nodiscard]] Halide::Expr least(ir::DType dtype);
[[nodiscard]] Halide::Expr greatest(ir::DType dtype);

// Integers wrap: computed without a sign, for signed overflow has no meaning.
[[nodiscard]] Halide::Expr sum_of(const Halide::Expr& a, const Halide::Expr& b);
[[nodiscard]] Halide::Expr difference_of(const Halide::Expr& a, const Halide::Expr& b);
[[nodiscard]] Halide::Expr product_of(const Halide::Expr& a, const Halide::Expr& b);

}  // namespace linnet::codegen
