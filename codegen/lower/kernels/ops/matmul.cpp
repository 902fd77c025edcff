// matmul: the sum over the inner dimension, in the evaluator's order.
#include "codegen/lower/kernels/ops/op_kernels.h"
#include "codegen/lower/kernels/shared/arithmetic.h"
#include "codegen/lower/kernels/shared/stacked.h"

namespace linnet::codegen {

using Halide::Expr;

Expr lower_matmul(Lowering& lowering, const ir::Node& node, const Position& position) {
  const ir::Type& a = lowering.operand_type(node, 0);
  const ir::Type& b = lowering.operand_type(node, 1);
  const bool transposed = node.attrs.get(ir::Key<bool>{"transpose_b"});
  return lowering.reduced(
      node, position, {a.shape.back()}, [&](const Position&) { return literal(a.dtype, 0); },
      [&](const Expr& sum, const Position& at, const std::vector<Expr>& r) {
        const Position stack(at.begin(), at.end() - 2);
        const Expr n = at.back();
        const Position left = stacked(a, stack, at[at.size() - 2], r[0]);
        const Position right = transposed ? stacked(b, stack, n, r[0]) : stacked(b, stack, r[0], n);
        return sum_of(sum, product_of(lowering.at(node.operands[0], left),
                                      lowering.at(node.operands[1], right)));
      });
}

}  // namespace linnet::codegen
