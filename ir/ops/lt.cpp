// lt: comparison for less, a bool for each element.
#include "ir/ops/shared/elementwise.h"

namespace linnet::ir {

const OpDef ops::lt = elementwise({
    .name = "lt",
    .doc = "input < other, broadcasting; false for NaN. ONNX Less-13.",
    .operands = {{"input"}, {"other"}},
    .rule = ElementRule::kCompare,
    .scalar = [](const Attrs&) { return operand(0) < operand(1); },
});

}  // namespace linnet::ir
