// floor: rounding downward; the gradient is 0.
#include "ir/ops/shared/elementwise.h"

namespace linnet::ir {

const OpDef ops::floor = elementwise({
    .name = "floor",
    .doc = "Largest integer not above the input. ONNX Floor-13.",
    .operands = {{"input"}},
    .rule = ElementRule::kFloat,
    .scalar = [](const Attrs&) { return ir::floor(operand(0)); },
});

}  // namespace linnet::ir
