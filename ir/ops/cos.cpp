// cos: the cosine of each element, in radians.
#include "ir/ops/shared/elementwise.h"

namespace linnet::ir {

const OpDef ops::cos = elementwise({
    .name = "cos",
    .doc = "Cosine of radians. ONNX Cos-22.",
    .operands = {{"input"}},
    .rule = ElementRule::kFloat,
    .scalar = [](const Attrs&) { return ir::cos(operand(0)); },
    .slope = [](const ScalarExpr&, const ScalarExpr& x) { return -ir::sin(x); },
});

}  // namespace linnet::ir
