// le: comparison for at most, a bool for each element.
#include "ir/ops/shared/elementwise.h"

namespace linnet::ir {

const OpDef ops::le = elementwise({
    .name = "le",
    .doc = "input <= other, broadcasting; false for NaN. ONNX LessOrEqual-16.",
    .operands = {{"input"}, {"other"}},
    .rule = ElementRule::kCompare,
    .scalar = [](const Attrs&) { return operand(0) <= operand(1); },
});

}  // namespace linnet::ir
