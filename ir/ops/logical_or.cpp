// logical_or: true where either is.
#include "ir/ops/shared/elementwise.h"

namespace linnet::ir {

const OpDef ops::logical_or = elementwise({
    .name = "logical_or",
    .doc = "Either is true, broadcasting. ONNX Or-7.",
    .operands = {{"input"}, {"other"}},
    .rule = ElementRule::kLogical,
    .traits = kCommutative,
    .scalar = [](const Attrs&) { return ir::logical_or(operand(0), operand(1)); },
});

}  // namespace linnet::ir
