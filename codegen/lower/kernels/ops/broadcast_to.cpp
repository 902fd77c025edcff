// broadcast_to: the one element of a repeated dimension.
#include "codegen/lower/kernels/ops/op_kernels.h"

namespace linnet::codegen {

using Halide::Expr;

Expr lower_broadcast_to(Lowering& lowering, const ir::Node& node, const Position& position) {
  const ir::Shape& in = lowering.operand_type(node, 0).shape;
  const size_t offset = position.size() - in.size();
  Position from;
  for (size_t dim = 0; dim < in.size(); ++dim)
    from.push_back(in[dim] == 1 ? Expr(0) : position[offset + dim]);
  return lowering.at(node.operands[0], from);
}

}  // namespace linnet::codegen
