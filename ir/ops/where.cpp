#include "ir/ops/elementwise.h"

namespace linnet::ir {

const OpDef ops::where = elementwise({
    .name = "where",
    .doc = "input where the condition is true, other elsewhere, broadcasting. ONNX Where-16.",
    .operands = {{"condition"}, {"input"}, {"other"}},
    .rule = ElementRule::kSelect,
    .scalar = [](const Attrs&) { return select(operand(0), operand(1), operand(2)); },
});

}  // namespace linnet::ir
