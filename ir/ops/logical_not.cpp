// logical_not: true where the input is false.
#include "ir/ops/shared/elementwise.h"

namespace linnet::ir {

const OpDef ops::logical_not = elementwise({
    .name = "logical_not",
    .doc = "The input is false. ONNX Not-1.",
    .operands = {{"input"}},
    .rule = ElementRule::kLogical,
    .scalar = [](const Attrs&) { return ir::logical_not(operand(0)); },
});

}  // namespace linnet::ir
