#include "ir/ops/elementwise.h"

namespace linnet::ir {

const OpDef ops::hard_sigmoid = elementwise({
    .name = "hard_sigmoid",
    .doc = "max(0, min(1, input / 6 + 1/2)). torch.nn.Hardsigmoid; ONNX HardSigmoid-22 with alpha "
           "1/6.",
    .operands = {{"input"}},
    .rule = ElementRule::kFloat,
    .scalar = [](const Attrs&) { return min(max(operand(0) / 6.0 + 0.5, 0.0), 1.0); },
});

}  // namespace linnet::ir
