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

Expr largest(const std::vector<Expr>& elements) {
  Expr most = elements.front();
  Expr any_nan = most != most;
  for (size_t i = 1; i < elements.size(); ++i) {
    most = Halide::select(most > elements[i], most, elements[i]);
    any_nan = any_nan || elements[i] != elements[i];
  }
  const Expr nan =
      Halide::Internal::make_const(most.type(), std::numeric_limits<double>::quiet_NaN());
  return Halide::select(any_nan, nan, most);
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
