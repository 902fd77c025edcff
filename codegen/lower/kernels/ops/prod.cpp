// prod: products over dimensions.
#include "codegen/lower/kernels/ops/op_kernels.h"
#include "codegen/lower/kernels/shared/arithmetic.h"
#include "codegen/lower/kernels/shared/reduce_dims.h"

namespace linnet::codegen {

using Halide::Expr;

Expr lower_prod(Lowering& lowering, const ir::Node& node, const Position& position) {
  return reduce_dims(lowering, node, position, one(lowering, node, 1), product_of);
}

}  // namespace linnet::codegen
