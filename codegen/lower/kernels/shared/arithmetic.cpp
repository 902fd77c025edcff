// Arithmetic as the evaluator has it: NaN kept, integers wrapping.
#include "codegen/lower/kernels/shared/arithmetic.h"

#include "ir/scalar_math.h"

#include <limits>

namespace linnet::codegen {

using Halide::Expr;

namespace {

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

}  // namespace linnet::codegen
