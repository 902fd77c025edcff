// flatten: a reshape by another name.
#include "codegen/lower/kernels/ops/op_kernels.h"

namespace linnet::codegen {

Halide::Expr lower_flatten(Lowering& lowering, const ir::Node& node, const Position& position) {
  return lower_reshape(lowering, node, position);
}

}  // namespace linnet::codegen
