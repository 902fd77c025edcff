// The language in which ops and passes write graphs: values with arithmetic.
#pragma once

#include "ir/builder.h"

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

// A scalar.
[[nodiscard]] Var constant(Builder& builder, DType dtype, double value);
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

}  // namespace linnet::ir
