// sqrt: the square root of each element.
#include "ir/ops/shared/elementwise.h"

#include "ir/gradient.h"

namespace linnet::ir {

const OpDef ops::sqrt = elementwise({
    .name = "sqrt",
    .doc = "Square root; NaN below 0. ONNX Sqrt-13.",
    .operands = {{"input"}},
    .rule = ElementRule::kFloat,
    .scalar = [](const Attrs&) { return ir::sqrt(operand(0)); },
    .gradient = [](const GradientContext& c) -> std::vector<ValueId> {
      return {(c.gradient() * 0.5 / c.result()).id()};
    },
});

}  // namespace linnet::ir
