// log: the natural logarithm of each element.
#include "ir/ops/shared/elementwise.h"

namespace linnet::ir {

const OpDef ops::log = elementwise({
    .name = "log",
    .doc = "Natural logarithm; NaN below 0, -inf at 0. ONNX Log-13.",
    .operands = {{"input"}},
    .rule = ElementRule::kFloat,
    .scalar = [](const Attrs&) { return ir::log(operand(0)); },
    .slope = [](const ScalarExpr&, const ScalarExpr& x) { return 1.0 / x; },
});

}  // namespace linnet::ir
