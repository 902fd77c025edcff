// relu: the positive part of each element, NaN kept.
#include "ir/ops/shared/elementwise.h"

#include "ir/gradient.h"

namespace linnet::ir {

const OpDef ops::relu = elementwise({
    .name = "relu",
    .doc = "max(x, 0); NaN stays NaN. ONNX Relu-14.",
    .operands = {{"input"}},
    .rule = ElementRule::kNumber,
    .scalar = [](const Attrs&) { return max(operand(0), 0.0); },
    .gradient = [](const GradientContext& c) -> std::vector<ValueId> {
      // 0 at 0, as PyTorch has it; NaN passes.
      const Var y = c.result(), g = c.gradient();
      return {select(apply(ops::le, y, y.splat(0)), g.splat(0), g).id()};
    },
});

}  // namespace linnet::ir
