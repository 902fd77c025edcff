// hard_sigmoid: a sigmoid of three straight pieces.
#include "ir/ops/shared/elementwise.h"

#include "ir/gradient.h"

namespace linnet::ir {

const OpDef ops::hard_sigmoid = elementwise({
    .name = "hard_sigmoid",
    .doc = "max(0, min(1, input / 6 + 1/2)). torch.nn.Hardsigmoid; ONNX HardSigmoid-22 with alpha "
           "1/6.",
    .operands = {{"input"}},
    .rule = ElementRule::kFloat,
    .scalar = [](const Attrs&) { return min(max(operand(0) / 6.0 + 0.5, 0.0), 1.0); },
    .gradient = [](const GradientContext& c) -> std::vector<ValueId> {
      // 0 at the corners (torch.nn.Hardsigmoid).
      const Var y = c.result(), g = c.gradient();
      const Var inside =
          apply(ops::logical_and, apply(ops::gt, y, y.splat(0)), apply(ops::lt, y, y.splat(1)));
      return {select(inside, g / 6, g.splat(0)).id()};
    },
});

}  // namespace linnet::ir
