// amax: the largest over dimensions.
#include "codegen/lower/kernels/ops/op_kernels.h"
#include "codegen/lower/kernels/shared/arithmetic.h"
#include "codegen/lower/kernels/shared/reduce_dims.h"

namespace linnet::codegen {

using Halide::Expr;

Expr lower_amax(Lowering& lowering, const ir::Node& node, const Position& position) {
  return reduce_dims(lowering, node, position, least(lowering.operand_type(node, 0).dtype),
                     [](const Expr& best, const Expr& x) { return larger(x, best); });
}

}  // namespace linnet::codegen
