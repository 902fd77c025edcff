// amin: the smallest over dimensions.
#include "codegen/lower/kernels/ops/op_kernels.h"
#include "codegen/lower/kernels/shared/arithmetic.h"
#include "codegen/lower/kernels/shared/reduce_dims.h"

namespace linnet::codegen {

using Halide::Expr;

Expr lower_amin(Lowering& lowering, const ir::Node& node, const Position& position) {
  return reduce_dims(lowering, node, position, greatest(lowering.operand_type(node, 0).dtype),
                     [](const Expr& best, const Expr& x) { return smaller(x, best); });
}

}  // namespace linnet::codegen
