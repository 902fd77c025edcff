#include "ir/ops/elementwise.h"

namespace linnet::ir {

const OpDef ops::div = elementwise({
    .name = "div",
    .doc =
        "input / other, broadcasting; integers truncate toward zero and x / 0 is 0. ONNX Div-14.",
    .operands = {{"input"}, {"other"}},
    .rule = ElementRule::kNumber,
    .scalar = [](const Attrs&) { return operand(0) / operand(1); },
});

}  // namespace linnet::ir
