#include "ir/ops/elementwise.h"

namespace linnet::ir {

const OpDef ops::relu = elementwise({
    .name = "relu",
    .doc = "max(x, 0); NaN stays NaN. ONNX Relu-14.",
    .operands = {{"input"}},
    .rule = ElementRule::kNumber,
    .scalar = [](const Attrs&) { return max(operand(0), 0.0); },
});

}  // namespace linnet::ir
