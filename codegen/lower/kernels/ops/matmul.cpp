// matmul: the sum over the inner dimension, in the evaluator's order.
#include "codegen/lower/kernels/ops/op_kernels.h"
#include "codegen/lower/kernels/shared/arithmetic.h"

namespace linnet::codegen {

using Halide::Expr;

Expr lower_matmul(Lowering& lowering, const ir::Node& node, const Position& position) {
  const ir::Type& a = lowering.operand_type(node, 0);
  const ir::Type& b = lowering.operand_type(node, 1);
  const bool transposed = node.attrs.get(ir::Key<bool>{"transpose_b"});
  // The batch part of an operand's position: the last of the result's, 0 where it is repeated.
  const auto batch = [](const ir::Type& type, const Position& at) {
    Position from;
    const size_t count = type.rank() - 2;
    for (size_t dim = 0; dim < count; ++dim)
      from.push_back(type.shape[dim] == 1 ? Expr(0) : at[at.size() - 2 - count + dim]);
    return from;
  };
  return lowering.reduced(
      node, position, {a.shape.back()}, [&](const Position&) { return literal(a.dtype, 0); },
      [&](const Expr& sum, const Position& at, const std::vector<Expr>& r) {
        Position left = batch(a, at);
        left.push_back(at[at.size() - 2]);
        left.push_back(r[0]);
        Position right = batch(b, at);
        right.push_back(transposed ? at.back() : r[0]);
        right.push_back(transposed ? r[0] : at.back());
        return sum_of(sum, product_of(lowering.at(node.operands[0], left),
                                      lowering.at(node.operands[1], right)));
      });
}

}  // namespace linnet::codegen
