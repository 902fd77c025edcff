#include "ir/ops/elementwise.h"

namespace linnet::ir {

const OpDef ops::log = elementwise({
    .name = "log",
    .doc = "Natural logarithm; NaN below 0, -inf at 0. ONNX Log-13.",
    .operands = {{"input"}},
    .rule = ElementRule::kFloat,
    .scalar = [](const Attrs&) { return ir::log(operand(0)); },
});

}  // namespace linnet::ir
