// sub: the elementwise difference, with broadcasting.
#include "ir/ops/shared/elementwise.h"

namespace linnet::ir {

const OpDef ops::sub = elementwise({
    .name = "sub",
    .doc = "input - other, broadcasting. ONNX Sub-14.",
    .operands = {{"input"}, {"other"}},
    .rule = ElementRule::kNumber,
    .scalar = [](const Attrs&) { return operand(0) - operand(1); },
});

}  // namespace linnet::ir
