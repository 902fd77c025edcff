// round: to the nearest integer, ties to even; the gradient is 0.
#include "ir/ops/shared/elementwise.h"

namespace linnet::ir {

const OpDef ops::round = elementwise({
    .name = "round",
    .doc = "Nearest integer, ties to even. ONNX Round-22.",
    .operands = {{"input"}},
    .rule = ElementRule::kFloat,
    .scalar = [](const Attrs&) { return ir::round(operand(0)); },
});

}  // namespace linnet::ir
