// flatten: a reshape by another name.
#include "codegen/lower/kernels/ops/op_kernels.h"
#include "codegen/lower/kernels/shared/row_major.h"

namespace linnet::codegen {

using Halide::Expr;

Expr lower_flatten(Lowering& lowering, const ir::Node& node, const Position& position) {
  const ir::Shape& from = lowering.operand_type(node, 0).shape;
  const ir::Shape& to = lowering.type(node.results.front()).shape;
  return lowering.at(node.operands[0], delinearized(from, linear(to, position)));
}

}  // namespace linnet::codegen
