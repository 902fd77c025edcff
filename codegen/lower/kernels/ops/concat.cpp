// concat: which piece a position lies in.
#include "codegen/lower/kernels/ops/op_kernels.h"
#include "ir/ops/shared/reduction.h"

namespace linnet::codegen {

using Halide::Expr;

Expr lower_concat(Lowering& lowering, const ir::Node& node, const Position& position) {
  const size_t dim = *ir::one_dim(node.attrs, position.size());
  Expr value;
  int offset = 0;
  for (size_t i = 0; i < node.operands.size(); ++i) {
    const int size = static_cast<int>(lowering.operand_type(node, i).shape[dim]);
    if (size == 0) continue;
    Position from = position;
    from[dim] = Halide::clamp(position[dim] - offset, 0, size - 1);
    const Expr piece = lowering.at(node.operands[i], from);
    value = value.defined() ? Halide::select(position[dim] >= offset, piece, value) : piece;
    offset += size;
  }
  return value;
}

}  // namespace linnet::codegen
