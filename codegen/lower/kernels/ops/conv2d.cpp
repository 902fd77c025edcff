// conv2d: the sum over its window, in the evaluator's order: one chain for each element.
#include "codegen/lower/kernels/ops/op_kernels.h"
#include "ir/ops/shared/window.h"

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

}  // namespace linnet::codegen
