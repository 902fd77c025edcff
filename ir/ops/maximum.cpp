// maximum: the larger of two elements, NaN kept.
#include "ir/ops/shared/elementwise.h"

namespace linnet::ir {

const OpDef ops::maximum = elementwise({
    .name = "maximum",
    .doc = "The larger of input and other, broadcasting; NaN from either side is kept. ONNX Max-13 "
           "of two.",
    .operands = {{"input"}, {"other"}},
    .rule = ElementRule::kNumber,
    .traits = kCommutative,
    .scalar = [](const Attrs&) { return max(operand(0), operand(1)); },
});

}  // namespace linnet::ir
