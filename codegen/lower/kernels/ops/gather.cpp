// gather: rows that an index names.
#include "codegen/lower/kernels/ops/op_kernels.h"
#include "ir/ops/shared/reduction.h"

namespace linnet::codegen {

using Halide::Expr;

// The index is data: it is clamped, so that whatever it holds, nothing outside is read.
Expr lower_gather(Lowering& lowering, const ir::Node& node, const Position& position) {
  const ir::Shape& in = lowering.operand_type(node, 0).shape;
  const size_t dim = *ir::one_dim(node.attrs, in.size());
  const auto first = position.begin() + static_cast<ptrdiff_t>(dim);
  const auto rest = first + static_cast<ptrdiff_t>(lowering.operand_type(node, 1).rank());
  const Expr index = lowering.at(node.operands[1], {first, rest});
  const Expr size = Halide::Internal::make_const(index.type(), in[dim]);
  const Expr wrapped = Halide::select(index < 0, index + size, index);
  Position from(position.begin(), first);
  from.push_back(Halide::cast<int>(Halide::clamp(wrapped, 0, size - 1)));
  from.insert(from.end(), rest, position.end());
  return lowering.at(node.operands[0], from);
}

}  // namespace linnet::codegen
