// eq: comparison for equality, a bool for each element.
#include "ir/ops/shared/elementwise.h"

namespace linnet::ir {

const OpDef ops::eq = elementwise({
    .name = "eq",
    .doc = "input == other, broadcasting; NaN equals nothing. ONNX Equal-19.",
    .operands = {{"input"}, {"other"}},
    .rule = ElementRule::kCompare,
    .traits = kCommutative,
    .scalar = [](const Attrs&) { return equal(operand(0), operand(1)); },
});

}  // namespace linnet::ir
