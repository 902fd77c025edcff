// add: the elementwise sum, with broadcasting.
#include "ir/ops/shared/elementwise.h"

namespace linnet::ir {

const OpDef ops::add = elementwise({
    .name = "add",
    .doc = "input + other, broadcasting. ONNX Add-14.",
    .operands = {{"input"}, {"other"}},
    .rule = ElementRule::kNumber,
    .traits = kCommutative,
    .scalar = [](const Attrs&) { return operand(0) + operand(1); },
});

}  // namespace linnet::ir
