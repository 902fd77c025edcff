// is_nan: which elements are no numbers.
#include "ir/ops/shared/elementwise.h"

namespace linnet::ir {

const OpDef ops::is_nan = elementwise({
    .name = "is_nan",
    .doc = "The input is NaN, which no integer is. ONNX IsNaN-20.",
    .operands = {{"input"}},
    .rule = ElementRule::kCompare,
    .scalar = [](const Attrs&) { return ir::logical_not(equal(operand(0), operand(0))); },
});

}  // namespace linnet::ir
