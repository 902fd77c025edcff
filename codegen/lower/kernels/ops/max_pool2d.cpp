// max_pool2d: the largest of each window.
#include "codegen/lower/kernels/ops/op_kernels.h"
#include "codegen/lower/kernels/shared/arithmetic.h"
#include "codegen/lower/kernels/shared/pool_window.h"

namespace linnet::codegen {

using Halide::Expr;

Expr lower_max_pool2d(Lowering& lowering, const ir::Node& node, const Position& position) {
  const ir::DType dtype = lowering.operand_type(node, 0).dtype;
  const PoolWindow pool(lowering, node);
  if (is_float(dtype) && pool.written_out())
    return largest(pool.taps(lowering, node, position, least(dtype)));
  return pool.fold(lowering, node, position, least(dtype),
                   [](const Expr& best, const Expr& tap) { return larger(tap, best); });
}

}  // namespace linnet::codegen
