// exp: the exponential of each element.
#include "ir/ops/shared/elementwise.h"

#include "ir/gradient.h"

namespace linnet::ir {

const OpDef ops::exp = elementwise({
    .name = "exp",
    .doc = "e to the input. ONNX Exp-13.",
    .operands = {{"input"}},
    .rule = ElementRule::kFloat,
    .scalar = [](const Attrs&) { return ir::exp(operand(0)); },
    .slope = [](const ScalarExpr& y, const ScalarExpr&) { return y; },
    .gradient = [](const GradientContext& c) -> std::vector<ValueId> {
      return {(c.gradient() * c.result()).id()};
    },
});

}  // namespace linnet::ir
