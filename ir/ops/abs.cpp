// abs: the magnitude of each element; its gradient takes the sign.
#include "ir/ops/shared/elementwise.h"

namespace linnet::ir {

const OpDef ops::abs = elementwise({
    .name = "abs",
    .doc = "|input|. ONNX Abs-13.",
    .operands = {{"input"}},
    .rule = ElementRule::kNumber,
    .scalar = [](const Attrs&) { return ir::abs(operand(0)); },
});

}  // namespace linnet::ir
