// avg_pool2d: the mean of each window.
#include "codegen/lower/kernels/ops/op_kernels.h"
#include "codegen/lower/kernels/shared/pool_window.h"

namespace linnet::codegen {

using Halide::Expr;

namespace {

// ir::pool_divisor for a position that is known only at run time.
Expr divisor(const ir::Window& w, const Expr& output, int64_t input, bool padding_counts) {
  const int64_t first = padding_counts ? -w.before : 0;
  const int64_t end = padding_counts ? input + w.after : input;
  const Expr start = output * static_cast<int>(w.stride) - static_cast<int>(w.before);
  const int dilation = static_cast<int>(w.dilation);
  // The first tap that counts, and the first that counts no more; Halide's division rounds down.
  const Expr from = Halide::max((static_cast<int>(first) - start + (dilation - 1)) / dilation, 0);
  const Expr to = Halide::min((static_cast<int>(end) - start + (dilation - 1)) / dilation,
                              static_cast<int>(w.size));
  return to - from;
}

}  // namespace

Expr lower_avg_pool2d(Lowering& lowering, const ir::Node& node, const Position& position) {
  const ir::Type& input = lowering.operand_type(node, 0);
  const Pool pool(lowering, node);
  const Expr sum = pool.fold(lowering, node, position, literal(input.dtype, 0),
                             [](const Expr& so_far, const Expr& tap) { return so_far + tap; });
  const int taps = static_cast<int>(pool.rows.size * pool.columns.size);
  if (pool.inside) return sum / literal(input.dtype, taps);
  const bool counts = node.attrs.get(ir::kCountIncludePad);
  const Expr count = divisor(pool.rows, position[2], input.shape[2], counts) *
                     divisor(pool.columns, position[3], input.shape[3], counts);
  return sum / Halide::cast(halide_type(input.dtype), count);
}

}  // namespace linnet::codegen
