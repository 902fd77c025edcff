// The gradient of an elementwise op by its scalar tree.
#include "ir/gradient.h"

#include "ir/scalar_derivative.h"
#include "ir/scalar_nodes.h"

namespace linnet::ir {

std::vector<ValueId> scalar_gradient(const OpDef& op, const GradientContext& c) {
  const ScalarExpr tree = op.scalar(c.attrs());
  const Var gradient = c.gradient();
  std::vector<ValueId> operands, gradients(c.operand_count());
  for (size_t i = 0; i < c.operand_count(); ++i)
    operands.push_back(c.in(i).id());
  ScalarNodes nodes(c.builder(), operands, gradient.type().dtype);
  for (size_t i = 0; i < c.operand_count(); ++i) {
    if (!c.wants(i)) continue;
    const ScalarExpr slope = derivative(tree, static_cast<int>(i));
    if (is_constant(slope, 0)) continue;
    Var product = is_constant(slope, 1)    ? gradient
                  : is_constant(slope, -1) ? -gradient
                                           : gradient * nodes.build(slope);
    gradients[i] = sum_to(product, c.in(i).shape()).id();
  }
  return gradients;
}

bool differentiable(const OpDef& op) {
  return op.gradient || op.scalar || op.expand;
}

}  // namespace linnet::ir
