// sigmoid: the logistic function of each element.
#include "ir/ops/shared/elementwise.h"

#include "ir/gradient.h"

namespace linnet::ir {

const OpDef ops::sigmoid = elementwise({
    .name = "sigmoid",
    .doc = "1 / (1 + exp(-input)): exp overflows to inf on the far left, where the quotient is 0. "
           "ONNX Sigmoid-13.",
    .operands = {{"input"}},
    .rule = ElementRule::kFloat,
    .scalar = [](const Attrs&) { return 1.0 / (1.0 + ir::exp(-operand(0))); },
    .gradient = [](const GradientContext& c) -> std::vector<ValueId> {
      const Var y = c.result();
      return {(c.gradient() * (y * (1 - y))).id()};
    },
});

}  // namespace linnet::ir
