// ceil: rounding upward; the gradient is 0.
#include "ir/ops/shared/elementwise.h"

namespace linnet::ir {

const OpDef ops::ceil = elementwise({
    .name = "ceil",
    .doc = "Smallest integer not below the input. ONNX Ceil-13.",
    .operands = {{"input"}},
    .rule = ElementRule::kFloat,
    .scalar = [](const Attrs&) { return ir::ceil(operand(0)); },
});

}  // namespace linnet::ir
