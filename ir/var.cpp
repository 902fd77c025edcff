// Values with arithmetic: each function appends the nodes it reads like.
#include "ir/var.h"

#include "ir/op_def.h"

#include <algorithm>
#include <limits>

namespace linnet::ir {

Var constant(Builder& builder, DType dtype, double value) {
  return {builder, builder.constant(Tensor::splat({dtype, {}, {}}, value))};
}

Var Var::splat(double value) const {
  return constant(*builder_, type().dtype, value);
}

Var Var::apply(const OpDef& op, Attrs attrs) const {
  return {*builder_, builder_->create(op, {id_}, std::move(attrs))};
}

Var apply(const OpDef& op, const Var& a, const Var& b, Attrs attrs) {
  return {a.builder(), a.builder().create(op, {a.id(), b.id()}, std::move(attrs))};
}

Var operator+(const Var& a, const Var& b) {
  return apply(ops::add, a, b);
}
Var operator-(const Var& a, const Var& b) {
  return apply(ops::sub, a, b);
}
Var operator*(const Var& a, const Var& b) {
  return apply(ops::mul, a, b);
}
Var operator/(const Var& a, const Var& b) {
  return apply(ops::div, a, b);
}
Var operator-(const Var& a) {
  return a.apply(ops::neg);
}
Var operator*(const Var& a, double b) {
  return a * a.splat(b);
}
Var operator/(const Var& a, double b) {
  return a / a.splat(b);
}
Var operator-(double a, const Var& b) {
  return b.splat(a) - b;
}

Var select(const Var& condition, const Var& then, const Var& otherwise) {
  Builder& b = then.builder();
  return {b, b.create(ops::where, {condition.id(), then.id(), otherwise.id()})};
}

Var sum_over(const Var& a, Ints dims, bool keepdim) {
  if (dims.empty()) return a;
  return a.apply(ops::sum, {{"dim", std::move(dims)}, {"keepdim", keepdim}});
}

Var reshaped(const Var& a, const Shape& shape) {
  return a.shape() == shape ? a : a.apply(ops::reshape, {{"shape", Ints(shape)}});
}

Var transposed(const Var& a, Ints dims) {
  return a.apply(ops::transpose, {{"dims", std::move(dims)}});
}

Var padded(const Var& a, const Ints& pads) {
  const bool none = std::ranges::all_of(pads, [](int64_t pad) { return pad == 0; });
  return none ? a : a.apply(ops::pad, {{"pads", pads}});
}

Var sliced(const Var& a, size_t dim, int64_t start, int64_t count, int64_t step) {
  if (start == 0 && step == 1 && count == a.shape()[dim]) return a;
  // The first position not taken; "before the first" is written as a large negative number.
  int64_t end = start + count * step;
  if (end < 0) end = std::numeric_limits<int64_t>::min() + 1;
  return a.apply(ops::slice, {{"starts", Ints{start}},
                              {"ends", Ints{end}},
                              {"axes", Ints{static_cast<int64_t>(dim)}},
                              {"steps", Ints{step}}});
}

Var dilated(const Var& a, size_t dim, int64_t step) {
  if (step == 1 || a.shape()[dim] < 2) return a;
  Shape apart = a.shape();
  apart.insert(apart.begin() + static_cast<ptrdiff_t>(dim) + 1, 1);
  Ints pads(2 * apart.size(), 0);
  pads[apart.size() + dim + 1] = step - 1;
  Shape together = a.shape();
  const int64_t size = together[dim];
  together[dim] *= step;
  return sliced(reshaped(padded(reshaped(a, apart), pads), together), dim, 0,
                (size - 1) * step + 1);
}

Var sum_to(const Var& a, const Shape& shape) {
  const Shape from = a.shape();
  if (from == shape) return a;
  const size_t more = from.size() - shape.size();
  Ints dims;
  for (size_t dim = 0; dim < from.size(); ++dim) {
    if (dim < more || (shape[dim - more] == 1 && from[dim] != 1))
      dims.push_back(static_cast<int64_t>(dim));
  }
  return reshaped(sum_over(a, std::move(dims), true), shape);
}

}  // namespace linnet::ir
