// minimum: the smaller of two elements, NaN kept.
#include "ir/ops/shared/elementwise.h"

namespace linnet::ir {

const OpDef ops::minimum = elementwise({
    .name = "minimum",
    .doc = "The smaller of input and other, broadcasting; NaN from either side is kept. ONNX "
           "Min-13 of two.",
    .operands = {{"input"}, {"other"}},
    .rule = ElementRule::kNumber,
    .traits = kCommutative,
    .scalar = [](const Attrs&) { return min(operand(0), operand(1)); },
});

}  // namespace linnet::ir
