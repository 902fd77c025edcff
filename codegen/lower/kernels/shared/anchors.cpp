// conv2d and matmul as sums in the evaluator's order: one chain for each element.
#include "codegen/lower/kernels/rows.h"
#include "ir/ops/window.h"

#include <algorithm>

namespace linnet::codegen {

using Halide::Expr;

Expr lower_conv2d(Lowering& lowering, const ir::Node& node, const Position& position) {
  const ir::Type& input = lowering.operand_type(node, 0);
  const ir::Shape& w = lowering.operand_type(node, 1).shape;
  const auto [rows, columns] = *ir::windows(node.attrs, {w[2], w[3]});
  const int groups = static_cast<int>(node.attrs.get(ir::Key<int64_t>{"groups"}));
  const int per_group = static_cast<int>(w[0]) / groups;
  const Expr zero = literal(input.dtype, 0);
  const bool unpadded = rows.before + rows.after + columns.before + columns.after == 0;
  return lowering.reduced(
      node, position, {w[1], w[2], w[3]}, [&](const Position&) { return zero; },
      [&](const Expr& sum, const Position& at, const std::vector<Expr>& r) {
        Expr channel = r[0];
        if (groups > 1) channel += at[1] / per_group * static_cast<int>(w[1]);
        const Expr row = at[2] * static_cast<int>(rows.stride) - static_cast<int>(rows.before) +
                         r[1] * static_cast<int>(rows.dilation);
        const Expr column = at[3] * static_cast<int>(columns.stride) -
                            static_cast<int>(columns.before) +
                            r[2] * static_cast<int>(columns.dilation);
        const Position from{at[0], channel, row, column};
        const Expr x = unpadded ? lowering.at(node.operands[0], from)
                                : lowering.at_or(node.operands[0], from, zero);
        return sum + x * lowering.at(node.operands[1], {at[1], r[0], r[1], r[2]});
      });
}

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
