// transpose: the element at the permuted position.
#include "ir/ops/transpose.h"
#include "codegen/lower/kernels/ops/op_kernels.h"

namespace linnet::codegen {

using Halide::Expr;

Expr lower_transpose(Lowering& lowering, const ir::Node& node, const Position& position) {
  const size_t rank = position.size();
  const ir::Ints dims = ir::permutation(node.attrs, rank);
  Position from(rank);
  for (size_t i = 0; i < rank; ++i)
    from[static_cast<size_t>(dims[i])] = position[i];
  return lowering.at(node.operands[0], from);
}

}  // namespace linnet::codegen
