// mul: the elementwise product, with broadcasting.
#include "ir/ops/shared/elementwise.h"

namespace linnet::ir {

const OpDef ops::mul = elementwise({
    .name = "mul",
    .doc = "input * other, broadcasting. ONNX Mul-14.",
    .operands = {{"input"}, {"other"}},
    .rule = ElementRule::kNumber,
    .traits = kCommutative,
    .scalar = [](const Attrs&) { return operand(0) * operand(1); },
});

}  // namespace linnet::ir
