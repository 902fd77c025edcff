// sign: -1, 0 or 1; the gradient is 0.
#include "ir/ops/shared/elementwise.h"

#include "ir/gradient.h"

namespace linnet::ir {

const OpDef ops::sign = elementwise({
    .name = "sign",
    .doc = "-1, 0 or 1 as the input is below, equal to or above 0; NaN stays NaN. ONNX Sign-13.",
    .operands = {{"input"}},
    .rule = ElementRule::kNumber,
    .scalar =
        [](const Attrs&) {
          const ScalarExpr x = operand(0);
          return select(x > 0.0, 1.0, select(x < 0.0, -1.0, x));
        },
    // A step is flat; the tree would say 1 at 0.
    .gradient = [](const GradientContext&) -> std::vector<ValueId> { return {ValueId()}; },
});

}  // namespace linnet::ir
