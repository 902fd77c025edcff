// sin: the sine of each element, in radians.
#include "ir/ops/shared/elementwise.h"

namespace linnet::ir {

const OpDef ops::sin = elementwise({
    .name = "sin",
    .doc = "Sine of radians. ONNX Sin-22.",
    .operands = {{"input"}},
    .rule = ElementRule::kFloat,
    .scalar = [](const Attrs&) { return ir::sin(operand(0)); },
    .slope = [](const ScalarExpr&, const ScalarExpr& x) { return ir::cos(x); },
});

}  // namespace linnet::ir
