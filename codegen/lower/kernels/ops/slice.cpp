// slice: the element some steps further.
#include "ir/ops/slice.h"
#include "codegen/lower/kernels/ops/op_kernels.h"

namespace linnet::codegen {

using Halide::Expr;

Expr lower_slice(Lowering& lowering, const ir::Node& node, const Position& position) {
  const auto ranges = *ir::slice_ranges(node.attrs, lowering.operand_type(node, 0).shape);
  Position from;
  for (size_t dim = 0; dim < ranges.size(); ++dim) {
    from.push_back(position[dim] * static_cast<int>(ranges[dim].step) +
                   static_cast<int>(ranges[dim].start));
  }
  return lowering.at(node.operands[0], from);
}

}  // namespace linnet::codegen
