// div: the elementwise quotient; of integers it is cut toward zero.
#include "ir/ops/shared/elementwise.h"

#include "ir/gradient.h"

namespace linnet::ir {

const OpDef ops::div = elementwise({
    .name = "div",
    .doc =
        "input / other, broadcasting; integers truncate toward zero and x / 0 is 0. ONNX Div-14.",
    .operands = {{"input"}, {"other"}},
    .rule = ElementRule::kNumber,
    .scalar = [](const Attrs&) { return operand(0) / operand(1); },
    .gradient = [](const GradientContext& c) -> std::vector<ValueId> {
      std::vector<ValueId> gradients(2);
      const Var slope = c.gradient() / c.in(1);
      if (c.wants(0)) gradients[0] = sum_to(slope, c.in(0).shape()).id();
      if (c.wants(1)) gradients[1] = sum_to(-(slope * c.result()), c.in(1).shape()).id();
      return gradients;
    },
});

}  // namespace linnet::ir
