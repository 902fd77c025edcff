// The gradient of an op, written with the values of the graph it becomes part of.
#pragma once

#include "ir/var.h"

#include <span>
#include <vector>

namespace linnet::ir {

// What `OpDef::gradient` sees: the forward node, and the gradient of the loss by its result.
class GradientContext {
public:
  GradientContext(Builder& builder, std::span<const ValueId> operands, ValueId result,
                  ValueId gradient, const Attrs& attrs, std::span<const bool> wanted)
      : builder_(&builder), operands_(operands), result_(result), gradient_(gradient),
        attrs_(&attrs), wanted_(wanted) {}

  [[nodiscard]] Var in(size_t i) const { return {*builder_, operands_[i]}; }
  [[nodiscard]] Var result() const { return {*builder_, result_}; }
  [[nodiscard]] Var gradient() const { return {*builder_, gradient_}; }
  [[nodiscard]] const Attrs& attrs() const { return *attrs_; }
  [[nodiscard]] size_t operand_count() const { return operands_.size(); }
  // Does anything ask for the gradient by this operand?
  [[nodiscard]] bool wants(size_t i) const { return wanted_[i]; }
  [[nodiscard]] Builder& builder() const { return *builder_; }

private:
  Builder* builder_;
  std::span<const ValueId> operands_;
  ValueId result_, gradient_;
  const Attrs* attrs_;
  std::span<const bool> wanted_;
};

// The derivative of an elementwise op by its scalar tree, times the gradient, for each operand.
[[nodiscard]] std::vector<ValueId> scalar_gradient(const OpDef& op, const GradientContext& c);

// Does a gradient pass through the op: has it one of its own, a scalar tree, or smaller ops that
// have?
[[nodiscard]] bool differentiable(const OpDef& op);

}  // namespace linnet::ir
