// avg_pool2d: the mean of each window.
#include "codegen/lower/kernels/ops/op_kernels.h"
#include "codegen/lower/kernels/shared/pool_window.h"

namespace linnet::codegen {

using Halide::Expr;

Expr lower_avg_pool2d(Lowering& lowering, const ir::Node& node, const Position& position) {
  const ir::DType dtype = lowering.operand_type(node, 0).dtype;
  const PoolWindow pool(lowering, node);
  const Expr sum = pool.fold(lowering, node, position, literal(dtype, 0),
                             [](const Expr& so_far, const Expr& tap) { return so_far + tap; });
  return sum / pool.count(lowering, node, position);
}

}  // namespace linnet::codegen
