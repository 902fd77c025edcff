// hard_swish: an element times its hard_sigmoid.
#include "ir/gradient.h"
#include "ir/ops/shared/elementwise.h"

namespace linnet::ir {

const OpDef ops::hard_swish = elementwise({
    .name = "hard_swish",
    .doc = "input * hard_sigmoid(input). torch.nn.Hardswish; ONNX HardSwish-22.",
    .operands = {{"input"}},
    .rule = ElementRule::kFloat,
    .scalar = [](const Attrs&) { return operand(0) * min(max(operand(0) / 6.0 + 0.5, 0.0), 1.0); },
    .gradient = [](const GradientContext& c) -> std::vector<ValueId> {
      // torch.nn.Hardswish at the corners: the middle's slope at 3, and at -3.
      const Var x = c.in(0), g = c.gradient();
      const Var middle = g * (x / 3 + x.splat(0.5));
      const Var upper = select(apply(ops::le, x, x.splat(3)), middle, g);
      return {select(apply(ops::lt, x, x.splat(-3)), g.splat(0), upper).id()};
    },
});

}  // namespace linnet::ir
