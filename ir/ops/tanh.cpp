#include "ir/ops/elementwise.h"

namespace linnet::ir {

const OpDef ops::tanh = elementwise({
    .name = "tanh",
    .doc = "Hyperbolic tangent. ONNX Tanh-13.",
    .operands = {{"input"}},
    .rule = ElementRule::kFloat,
    .scalar = [](const Attrs&) { return ir::tanh(operand(0)); },
});

}  // namespace linnet::ir
