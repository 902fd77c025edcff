// logical_and: true where both are.
#include "ir/ops/shared/elementwise.h"

namespace linnet::ir {

const OpDef ops::logical_and = elementwise({
    .name = "logical_and",
    .doc = "Both are true, broadcasting. ONNX And-7.",
    .operands = {{"input"}, {"other"}},
    .rule = ElementRule::kLogical,
    .traits = kCommutative,
    .scalar = [](const Attrs&) { return ir::logical_and(operand(0), operand(1)); },
});

}  // namespace linnet::ir
