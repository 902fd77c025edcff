// reshape: the same elements in row-major order.
#include "codegen/lower/kernels/ops/op_kernels.h"
#include "codegen/lower/kernels/shared/row_major.h"

namespace linnet::codegen {

using Halide::Expr;

Expr lower_reshape(Lowering& lowering, const ir::Node& node, const Position& position) {
  const ir::Shape& from = lowering.operand_type(node, 0).shape;
  const ir::Shape& to = lowering.type(node.results.front()).shape;
  // A copy in another layout: the divisions of the general case would stay, and take 4x as long.
  if (from == to) return lowering.at(node.operands[0], position);
  return lowering.at(node.operands[0], delinearized(from, linear(to, position)));
}

}  // namespace linnet::codegen
