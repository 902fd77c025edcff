// The gradient of an op, written with the values of the graph it becomes part of.
#pragma once

#include "ir/builder.h"

#include <span>
#include <vector>

namespace linnet::ir {

// A value with arithmetic: `where(le(y, 0), 0, g)` appends the nodes it reads like. Numbers become
// splats of the other side's dtype.
class Var {
public:
  Var() = default;
  Var(Builder& builder, ValueId id) : builder_(&builder), id_(id) {}

  [[nodiscard]] ValueId id() const { return id_; }
  [[nodiscard]] Builder& builder() const { return *builder_; }
  // Copies: values move as nodes are added.
  [[nodiscard]] Type type() const { return builder_->type(id_); }
  [[nodiscard]] Shape shape() const { return type().shape; }
  // A scalar of this value's dtype.
  [[nodiscard]] Var splat(double value) const;
  // `op` applied to this value alone.
  [[nodiscard]] Var apply(const OpDef& op, Attrs attrs = {}) const;

private:
  Builder* builder_ = nullptr;
  ValueId id_;
};

[[nodiscard]] Var apply(const OpDef& op, const Var& a, const Var& b, Attrs attrs = {});
[[nodiscard]] Var operator+(const Var& a, const Var& b);
[[nodiscard]] Var operator-(const Var& a, const Var& b);
[[nodiscard]] Var operator*(const Var& a, const Var& b);
[[nodiscard]] Var operator/(const Var& a, const Var& b);
[[nodiscard]] Var operator-(const Var& a);
[[nodiscard]] Var operator*(const Var& a, double b);
[[nodiscard]] Var operator/(const Var& a, double b);
[[nodiscard]] Var operator-(double a, const Var& b);
// where(condition, then, otherwise)
[[nodiscard]] Var select(const Var& condition, const Var& then, const Var& otherwise);
[[nodiscard]] Var sum_over(const Var& a, Ints dims, bool keepdim);
[[nodiscard]] Var reshaped(const Var& a, const Shape& shape);
[[nodiscard]] Var transposed(const Var& a, Ints dims);
// pads: before each dimension, then after each; negative ones cut.
[[nodiscard]] Var padded(const Var& a, const Ints& pads);
// Elements start, start + step, … of one dimension, `count` of them; step may be negative.
[[nodiscard]] Var sliced(const Var& a, size_t dim, int64_t start, int64_t count, int64_t step = 1);
// `step - 1` zeros after each element of a dimension but the last.
[[nodiscard]] Var dilated(const Var& a, size_t dim, int64_t step);
// The sum over the dimensions along which `shape` was repeated to become a's: the gradient of
// broadcasting.
[[nodiscard]] Var sum_to(const Var& a, const Shape& shape);

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
