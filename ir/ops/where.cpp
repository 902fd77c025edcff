// where: one of two elements by a condition, with broadcasting.
#include "ir/ops/shared/elementwise.h"

#include "ir/gradient.h"

namespace linnet::ir {

const OpDef ops::where = elementwise({
    .name = "where",
    .doc = "input where the condition is true, other elsewhere, broadcasting. ONNX Where-16.",
    .operands = {{"condition"}, {"input"}, {"other"}},
    .rule = ElementRule::kSelect,
    .scalar = [](const Attrs&) { return select(operand(0), operand(1), operand(2)); },
    .gradient = [](const GradientContext& c) -> std::vector<ValueId> {
      std::vector<ValueId> gradients(3);
      const Var g = c.gradient(), none = g.splat(0);
      if (c.wants(1)) gradients[1] = sum_to(select(c.in(0), g, none), c.in(1).shape()).id();
      if (c.wants(2)) gradients[2] = sum_to(select(c.in(0), none, g), c.in(2).shape()).id();
      return gradients;
    },
});

}  // namespace linnet::ir
