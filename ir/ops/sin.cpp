#include "ir/ops/elementwise.h"

namespace linnet::ir {

const OpDef ops::sin = elementwise({
    .name = "sin",
    .doc = "Sine of radians. ONNX Sin-22.",
    .operands = {{"input"}},
    .rule = ElementRule::kFloat,
    .scalar = [](const Attrs&) { return ir::sin(operand(0)); },
});

}  // namespace linnet::ir
