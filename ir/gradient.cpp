#include "ir/gradient.h"

#include "ir/ops/slice.h"
#include "ir/scalar_derivative.h"

#include <algorithm>
#include <limits>
#include <map>

namespace linnet::ir {
namespace {

Var constant(Builder& b, DType dtype, double value) {
  return {b, b.constant(Tensor::splat({dtype, {}, {}}, value))};
}

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
