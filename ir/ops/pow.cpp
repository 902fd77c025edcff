// pow: powers with C99's special cases.
#include "ir/ops/shared/elementwise.h"

namespace linnet::ir {

const OpDef ops::pow = elementwise({
    .name = "pow",
    .doc = "input to the power other, broadcasting, with C99's special cases. ONNX Pow-15 of one "
           "type.",
    .operands = {{"input"}, {"other"}},
    .rule = ElementRule::kNumber,
    .scalar = [](const Attrs&) { return ir::pow(operand(0), operand(1)); },
});

}  // namespace linnet::ir
