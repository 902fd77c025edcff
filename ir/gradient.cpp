// The gradient of an elementwise op by its scalar tree.
#include "ir/gradient.h"

#include "ir/scalar_derivative.h"

#include <map>

namespace linnet::ir {
namespace {

// Nodes for a scalar tree; shared subtrees become shared nodes.
class TreeBuilder {
public:
  TreeBuilder(const GradientContext& c, DType dtype) : c_(c), dtype_(dtype) {}

  Var build(const ScalarExpr& expr) {
    if (const auto known = made_.find(expr.identity()); known != made_.end()) return known->second;
    const Var value = build_new(expr);
    made_[expr.identity()] = value;
    kept_.push_back(expr);  // an identity is an address: it must not be given to another tree
    return value;
  }

private:
  Var build_new(const ScalarExpr& expr) {
    if (expr.op() == ScalarOp::kArgument) return c_.in(static_cast<size_t>(expr.index()));
    if (expr.op() == ScalarOp::kConstant) return constant(c_.builder(), dtype_, expr.constant());
    std::vector<ValueId> operands;
    for (const ScalarExpr& operand : expr.operands())
      operands.push_back(build(operand).id());
    return {c_.builder(), c_.builder().create(op_of(expr.op()), std::move(operands))};
  }

  const GradientContext& c_;
  DType dtype_;
  std::map<const void*, Var> made_;
  std::vector<ScalarExpr> kept_;
};

}  // namespace

std::vector<ValueId> scalar_gradient(const OpDef& op, const GradientContext& c) {
  const ScalarExpr tree = op.scalar(c.attrs());
  const Var gradient = c.gradient();
  TreeBuilder builder(c, gradient.type().dtype);
  std::vector<ValueId> gradients(c.operand_count());
  for (size_t i = 0; i < c.operand_count(); ++i) {
    if (!c.wants(i)) continue;
    const ScalarExpr slope = derivative(tree, static_cast<int>(i));
    if (is_constant(slope, 0)) continue;
    Var product = is_constant(slope, 1)    ? gradient
                  : is_constant(slope, -1) ? -gradient
                                           : gradient * builder.build(slope);
    gradients[i] = sum_to(product, c.in(i).shape()).id();
  }
  return gradients;
}

bool differentiable(const OpDef& op) {
  return op.gradient || op.scalar || op.expand;
}

}  // namespace linnet::ir
