// mean: a sum and its share.
#include "codegen/lower/kernels/ops/op_kernels.h"
#include "codegen/lower/kernels/shared/arithmetic.h"
#include "codegen/lower/kernels/shared/reduce_dims.h"

namespace linnet::codegen {

using Halide::Expr;

Expr lower_mean(Lowering& lowering, const ir::Node& node, const Position& position) {
  const double count = static_cast<double>(lowering.operand_type(node, 0).elements()) /
                       static_cast<double>(lowering.type(node.results.front()).elements());
  return lower_sum(lowering, node, position) / one(lowering, node, count);
}

}  // namespace linnet::codegen
