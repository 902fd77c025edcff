#include "ir/ops/elementwise.h"

namespace linnet::ir {

const OpDef ops::sqrt = elementwise({
    .name = "sqrt",
    .doc = "Square root; NaN below 0. ONNX Sqrt-13.",
    .operands = {{"input"}},
    .rule = ElementRule::kFloat,
    .scalar = [](const Attrs&) { return ir::sqrt(operand(0)); },
});

}  // namespace linnet::ir
