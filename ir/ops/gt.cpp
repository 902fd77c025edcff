// gt: comparison for greater, a bool for each element.
#include "ir/ops/shared/elementwise.h"

namespace linnet::ir {

const OpDef ops::gt = elementwise({
    .name = "gt",
    .doc = "input > other, broadcasting; false for NaN. ONNX Greater-13.",
    .operands = {{"input"}, {"other"}},
    .rule = ElementRule::kCompare,
    .scalar = [](const Attrs&) { return operand(0) > operand(1); },
});

}  // namespace linnet::ir
