// erf: the error function of each element.
#include "ir/ops/shared/elementwise.h"

#include <cmath>
#include <numbers>

namespace linnet::ir {

const OpDef ops::erf = elementwise({
    .name = "erf",
    .doc = "Error function. ONNX Erf-13.",
    .operands = {{"input"}},
    .rule = ElementRule::kFloat,
    .scalar = [](const Attrs&) { return ir::erf(operand(0)); },
    .slope =
        [](const ScalarExpr&, const ScalarExpr& x) {
          return ir::exp(-(x * x)) * (2 / std::sqrt(std::numbers::pi));
        },
});

}  // namespace linnet::ir
