// How each op that is not elementwise becomes an expression; rows.cpp is the table.
#pragma once

#include "codegen/lower/lowering.h"

namespace linnet::codegen {

[[nodiscard]] Halide::Expr lower_conv2d(Lowering&, const ir::Node&, const Position&);
[[nodiscard]] Halide::Expr lower_matmul(Lowering&, const ir::Node&, const Position&);
[[nodiscard]] Halide::Expr lower_max_pool2d(Lowering&, const ir::Node&, const Position&);
[[nodiscard]] Halide::Expr lower_max_pool2d_index(Lowering&, const ir::Node&, const Position&);
[[nodiscard]] Halide::Expr lower_max_pool2d_backward(Lowering&, const ir::Node&, const Position&);
[[nodiscard]] Halide::Expr lower_avg_pool2d(Lowering&, const ir::Node&, const Position&);
[[nodiscard]] Halide::Expr lower_sum(Lowering&, const ir::Node&, const Position&);
[[nodiscard]] Halide::Expr lower_mean(Lowering&, const ir::Node&, const Position&);
[[nodiscard]] Halide::Expr lower_prod(Lowering&, const ir::Node&, const Position&);
[[nodiscard]] Halide::Expr lower_amax(Lowering&, const ir::Node&, const Position&);
[[nodiscard]] Halide::Expr lower_amin(Lowering&, const ir::Node&, const Position&);
[[nodiscard]] Halide::Expr lower_reshape(Lowering&, const ir::Node&, const Position&);
[[nodiscard]] Halide::Expr lower_transpose(Lowering&, const ir::Node&, const Position&);
[[nodiscard]] Halide::Expr lower_concat(Lowering&, const ir::Node&, const Position&);
[[nodiscard]] Halide::Expr lower_slice(Lowering&, const ir::Node&, const Position&);
[[nodiscard]] Halide::Expr lower_gather(Lowering&, const ir::Node&, const Position&);
[[nodiscard]] Halide::Expr lower_pad(Lowering&, const ir::Node&, const Position&);
[[nodiscard]] Halide::Expr lower_broadcast_to(Lowering&, const ir::Node&, const Position&);
[[nodiscard]] Halide::Expr lower_cast(Lowering&, const ir::Node&, const Position&);
[[nodiscard]] Halide::Expr lower_identity(Lowering&, const ir::Node&, const Position&);
[[nodiscard]] Halide::Expr lower_random_uniform(Lowering&, const ir::Node&, const Position&);

// NaN from either side is kept; of equal values the first is taken (ir/scalar_math.h).
[[nodiscard]] Halide::Expr larger(const Halide::Expr& a, const Halide::Expr& b);
[[nodiscard]] Halide::Expr smaller(const Halide::Expr& a, const Halide::Expr& b);
// Where they begin: infinite, or the end of the integer's range.
[[nodiscard]] Halide::Expr least(ir::DType dtype);
[[nodiscard]] Halide::Expr greatest(ir::DType dtype);

// Integers wrap: computed without a sign, for signed overflow has no meaning.
[[nodiscard]] Halide::Expr sum_of(const Halide::Expr& a, const Halide::Expr& b);
[[nodiscard]] Halide::Expr difference_of(const Halide::Expr& a, const Halide::Expr& b);
[[nodiscard]] Halide::Expr product_of(const Halide::Expr& a, const Halide::Expr& b);

}  // namespace linnet::codegen
