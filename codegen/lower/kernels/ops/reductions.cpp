// Reductions over dimensions, in row-major order of what is reduced.
#include "codegen/lower/kernels/rows.h"
#include "ir/ops/reduction.h"
#include "ir/scalar_math.h"

#include <limits>

namespace linnet::codegen {
namespace {

using Halide::Expr;

template <class Step>
Expr reduce_dims(Lowering& lowering, const ir::Node& node, const Position& position,
                 const Expr& first, Step step) {
  const ir::Shape& in = lowering.operand_type(node, 0).shape;
  const std::vector<bool> reduced = *ir::reduced_dims(node.attrs, in.size());
  const bool keep = node.attrs.get(ir::kKeepDim);
  std::vector<int64_t> extents;
  for (size_t dim = 0; dim < in.size(); ++dim) {
    if (reduced[dim]) extents.push_back(in[dim]);
  }
  return lowering.reduced(
      node, position, extents, [&](const Position&) { return first; },
      [&](const Expr& so_far, const Position& at, const std::vector<Expr>& r) {
        Position from;
        size_t next_reduced = 0;
        size_t next_kept = 0;
        for (size_t dim = 0; dim < in.size(); ++dim) {
          from.push_back(reduced[dim] ? r[next_reduced++] : at[next_kept]);
          if (!reduced[dim] || keep) ++next_kept;
        }
        return step(so_far, lowering.at(node.operands[0], from));
      });
}

Expr one(Lowering& lowering, const ir::Node& node, double value) {
  return literal(lowering.operand_type(node, 0).dtype, value);
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <class F> Expr wrapping(const Expr& a, const Expr& b, F f) {
  const Halide::Type type = a.type();
  if (type.is_float()) return f(a, b);
  const Halide::Type bits = type.with_code(Halide::Type::UInt);
  return Halide::cast(type, f(Halide::cast(bits, a), Halide::cast(bits, b)));
}

}  // namespace

Expr larger(const Expr& a, const Expr& b) {
  return Halide::select(b > a || b != b, b, a);
}

Expr smaller(const Expr& a, const Expr& b) {
  return Halide::select(b < a || b != b, b, a);
}

Expr least(ir::DType dtype) {
  return is_float(dtype)
             ? literal(dtype, -kInfinity)
             : Halide::Internal::make_const(halide_type(dtype), ir::scalar::least_integer(dtype));
}

Expr greatest(ir::DType dtype) {
  return is_float(dtype) ? literal(dtype, kInfinity)
                         : Halide::Internal::make_const(halide_type(dtype),
                                                        ir::scalar::greatest_integer(dtype));
}

Expr sum_of(const Expr& a, const Expr& b) {
  return wrapping(a, b, [](const Expr& x, const Expr& y) { return x + y; });
}

Expr difference_of(const Expr& a, const Expr& b) {
  return wrapping(a, b, [](const Expr& x, const Expr& y) { return x - y; });
}

Expr product_of(const Expr& a, const Expr& b) {
  return wrapping(a, b, [](const Expr& x, const Expr& y) { return x * y; });
}

Expr lower_sum(Lowering& lowering, const ir::Node& node, const Position& position) {
  return reduce_dims(lowering, node, position, one(lowering, node, 0), sum_of);
}

Expr lower_mean(Lowering& lowering, const ir::Node& node, const Position& position) {
  const double count = static_cast<double>(lowering.operand_type(node, 0).elements()) /
                       static_cast<double>(lowering.type(node.results.front()).elements());
  return lower_sum(lowering, node, position) / one(lowering, node, count);
}

Expr lower_prod(Lowering& lowering, const ir::Node& node, const Position& position) {
  return reduce_dims(lowering, node, position, one(lowering, node, 1), product_of);
}

Expr lower_amax(Lowering& lowering, const ir::Node& node, const Position& position) {
  return reduce_dims(lowering, node, position, least(lowering.operand_type(node, 0).dtype),
                     [](const Expr& best, const Expr& x) { return larger(x, best); });
}

Expr lower_amin(Lowering& lowering, const ir::Node& node, const Position& position) {
  return reduce_dims(lowering, node, position, greatest(lowering.operand_type(node, 0).dtype),
                     [](const Expr& best, const Expr& x) { return smaller(x, best); });
}

}  // namespace linnet::codegen
