#include "ir/ops/elementwise.h"

namespace linnet::ir {

const OpDef ops::sigmoid = elementwise({
    .name = "sigmoid",
    .doc = "1 / (1 + exp(-input)): exp overflows to inf on the far left, where the quotient is 0. "
           "ONNX Sigmoid-13.",
    .operands = {{"input"}},
    .rule = ElementRule::kFloat,
    .scalar = [](const Attrs&) { return 1.0 / (1.0 + ir::exp(-operand(0))); },
});

}  // namespace linnet::ir
