#include "ir/ops/elementwise.h"

namespace linnet::ir {

const OpDef ops::erf = elementwise({
    .name = "erf",
    .doc = "Error function. ONNX Erf-13.",
    .operands = {{"input"}},
    .rule = ElementRule::kFloat,
    .scalar = [](const Attrs&) { return ir::erf(operand(0)); },
});

}  // namespace linnet::ir
