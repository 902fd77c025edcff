#include "ir/ops/elementwise.h"

namespace linnet::ir {

const OpDef ops::cos = elementwise({
    .name = "cos",
    .doc = "Cosine of radians. ONNX Cos-22.",
    .operands = {{"input"}},
    .rule = ElementRule::kFloat,
    .scalar = [](const Attrs&) { return ir::cos(operand(0)); },
});

}  // namespace linnet::ir
