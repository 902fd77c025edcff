// pad: the element inside, or what stands around it.
#include "ir/ops/pad.h"
#include "codegen/lower/kernels/ops/op_kernels.h"

namespace linnet::codegen {

using Halide::Expr;

Expr lower_pad(Lowering& lowering, const ir::Node& node, const Position& position) {
  const ir::Type& in = lowering.operand_type(node, 0);
  const ir::Ints& pads = node.attrs.get(ir::kPads);
  const std::string& mode = node.attrs.get(ir::kPadMode).word;
  Position from;
  for (size_t dim = 0; dim < in.rank(); ++dim) {
    const int last = static_cast<int>(in.shape[dim]) - 1;
    Expr source = position[dim] - static_cast<int>(pads[dim]);
    if (mode == "edge") source = Halide::clamp(source, 0, last);
    if (mode == "reflect") {
      source = Halide::select(source < 0, -source, source);
      source = Halide::clamp(Halide::select(source > last, 2 * last - source, source), 0, last);
    }
    from.push_back(source);
  }
  if (mode != "constant") return lowering.at(node.operands[0], from);
  return lowering.at_or(node.operands[0], from, literal(in.dtype, node.attrs.get(ir::kPadValue)));
}

}  // namespace linnet::codegen
