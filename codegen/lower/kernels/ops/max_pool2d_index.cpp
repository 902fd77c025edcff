// max_pool2d_index: which tap of a window is the largest.
#include "codegen/lower/kernels/ops/op_kernels.h"
#include "codegen/lower/kernels/shared/arithmetic.h"
#include "codegen/lower/kernels/shared/pool_window.h"

namespace linnet::codegen {

using Halide::Expr;

// The best so far and its tap side by side. -1 stands for "none yet", while in the padding.
Expr lower_max_pool2d_index(Lowering& lowering, const ir::Node& node, const Position& position) {
  const ir::DType dtype = lowering.operand_type(node, 0).dtype;
  const Expr lowest = least(dtype);
  const PoolWindow pool(lowering, node);
  const int width = static_cast<int>(pool.columns.size);
  Expr best = lowest;
  Expr index = -1;
  for (int k = 0; k < static_cast<int>(pool.rows.size) * width; ++k) {
    const Expr tap = pool.tap(lowering, node, position, k / width, k % width, lowest);
    Expr better = k == 0 ? Halide::Internal::const_true() : tap > best;
    if (!pool.inside) {
      better =
          pool.valid(lowering, node, position, k / width, k % width) && (index < 0 || tap > best);
    }
    best = Halide::select(better, tap, best);
    index = Halide::select(better, k, index);
  }
  return index;
}

}  // namespace linnet::codegen
