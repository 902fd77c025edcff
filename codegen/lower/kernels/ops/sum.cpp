// sum: sums over dimensions.
#include "codegen/lower/kernels/ops/op_kernels.h"
#include "codegen/lower/kernels/shared/arithmetic.h"
#include "codegen/lower/kernels/shared/reduce_dims.h"

namespace linnet::codegen {

using Halide::Expr;

Expr lower_sum(Lowering& lowering, const ir::Node& node, const Position& position) {
  return reduce_dims(lowering, node, position, one(lowering, node, 0), sum_of);
}

}  // namespace linnet::codegen
