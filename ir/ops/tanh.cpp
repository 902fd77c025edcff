// tanh: the hyperbolic tangent of each element.
#include "ir/ops/shared/elementwise.h"

#include "ir/gradient.h"

namespace linnet::ir {

const OpDef ops::tanh = elementwise({
    .name = "tanh",
    .doc = "Hyperbolic tangent. ONNX Tanh-13.",
    .operands = {{"input"}},
    .rule = ElementRule::kFloat,
    .scalar = [](const Attrs&) { return ir::tanh(operand(0)); },
    .slope = [](const ScalarExpr& y, const ScalarExpr&) { return 1.0 - y * y; },
    .gradient = [](const GradientContext& c) -> std::vector<ValueId> {
      const Var y = c.result();
      return {(c.gradient() * (1 - y * y)).id()};
    },
});

}  // namespace linnet::ir
