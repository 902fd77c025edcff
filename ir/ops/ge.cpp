// ge: comparison for at least, a bool for each element.
#include "ir/ops/shared/elementwise.h"

namespace linnet::ir {

const OpDef ops::ge = elementwise({
    .name = "ge",
    .doc = "input >= other, broadcasting; false for NaN. ONNX GreaterOrEqual-16.",
    .operands = {{"input"}, {"other"}},
    .rule = ElementRule::kCompare,
    .scalar = [](const Attrs&) { return operand(0) >= operand(1); },
});

}  // namespace linnet::ir
