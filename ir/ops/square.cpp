// square: each element times itself.
#include "ir/ops/shared/elementwise.h"

namespace linnet::ir {

const OpDef ops::square = elementwise({
    .name = "square",
    .doc = "input * input. torch.square.",
    .operands = {{"input"}},
    .rule = ElementRule::kNumber,
    .scalar = [](const Attrs&) { return operand(0) * operand(0); },
});

}  // namespace linnet::ir
