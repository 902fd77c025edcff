// silu: an element times its sigmoid, in one quotient.
#include "ir/ops/shared/elementwise.h"

namespace linnet::ir {

const OpDef ops::silu = elementwise({
    .name = "silu",
    .doc = "input * sigmoid(input) as input / (1 + exp(-input)). torch.nn.SiLU; ONNX Swish-24 with "
           "alpha 1.",
    .operands = {{"input"}},
    .rule = ElementRule::kFloat,
    .scalar = [](const Attrs&) { return operand(0) / (1.0 + ir::exp(-operand(0))); },
});

}  // namespace linnet::ir
