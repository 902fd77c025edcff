// Writes a scalar tree as nodes.
#include "ir/scalar_nodes.h"

#include "ir/op_def.h"
#include "ir/scalar_derivative.h"

namespace linnet::ir {

Var ScalarNodes::build(const ScalarExpr& expr) {
  if (const auto known = made_.find(expr.identity()); known != made_.end()) return known->second;
  const Var value = build_new(expr);
  made_[expr.identity()] = value;
  kept_.push_back(expr);
  return value;
}

Var ScalarNodes::build_new(const ScalarExpr& expr) {
  if (expr.op() == ScalarOp::kArgument)
    return {*builder_, operands_[static_cast<size_t>(expr.index())]};
  if (expr.op() == ScalarOp::kConstant) return constant(*builder_, dtype_, expr.constant());
  std::vector<ValueId> operands;
  for (const ScalarExpr& operand : expr.operands())
    operands.push_back(build(operand).id());
  return {*builder_, builder_->create(op_of(expr.op()), std::move(operands))};
}

bool has_scalar_expansion(const OpDef& op, const Attrs& attrs) {
  if (!op.scalar) return false;
  const ScalarExpr tree = op.scalar(attrs);
  const bool leaf = tree.op() == ScalarOp::kArgument || tree.op() == ScalarOp::kConstant;
  return !leaf && &op_of(tree.op()) != &op;
}

std::vector<ValueId> scalar_expansion(const OpDef& op, Builder& builder,
                                      std::span<const ValueId> operands, const Attrs& attrs) {
  if (!has_scalar_expansion(op, attrs)) return {};
  const DType dtype = builder.type(operands.front()).dtype;
  return {ScalarNodes(builder, operands, dtype).build(op.scalar(attrs)).id()};
}

}  // namespace linnet::ir
