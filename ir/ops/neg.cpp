// neg: each element with the other sign.
#include "ir/ops/shared/elementwise.h"

namespace linnet::ir {

const OpDef ops::neg = elementwise({
    .name = "neg",
    .doc = "-input. ONNX Neg-13.",
    .operands = {{"input"}},
    .rule = ElementRule::kNumber,
    .scalar = [](const Attrs&) { return -operand(0); },
});

}  // namespace linnet::ir
