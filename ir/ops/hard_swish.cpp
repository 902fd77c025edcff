#include "ir/ops/elementwise.h"

namespace linnet::ir {

const OpDef ops::hard_swish = elementwise({
    .name = "hard_swish",
    .doc = "input * hard_sigmoid(input). torch.nn.Hardswish; ONNX HardSwish-22.",
    .operands = {{"input"}},
    .rule = ElementRule::kFloat,
    .scalar = [](const Attrs&) { return operand(0) * min(max(operand(0) / 6.0 + 0.5, 0.0), 1.0); },
});

}  // namespace linnet::ir
