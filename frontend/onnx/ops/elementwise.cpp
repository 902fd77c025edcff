// Arithmetic, comparisons, logic and casts, element by element.
#include "frontend/onnx/import/model_file.h"
#include "frontend/onnx/ops/onnx_ops.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <numbers>

namespace linnet::frontend {
namespace {

namespace ops = ir::ops;
using ir::DType;

// Max-13, Min-13, Sum-13, Mean-13: any number of inputs, from left to right.
template <const ir::OpDef& op> Var folded(OnnxNode& node) {
  Var result = node.in(0);
  for (size_t i = 1; i < node.input_count(); ++i)
    result = apply(op, result, node.in(i));
  return result;
}
template <const ir::OpDef& op> void variadic(OnnxNode& node) {
  node.give(folded<op>(node));
}
void mean(OnnxNode& node) {
  node.give(folded<ops::add>(node) / static_cast<double>(node.input_count()));
}

// Pow-15: the result has the base's type, whatever the exponent's. Where both are exact in f64 that
// is what is computed in.
void pow(OnnxNode& node) {
  const Var base = node.in(0);
  const Var exponent = node.in(1);
  const DType to = base.type().dtype, from = exponent.type().dtype;
  const auto known = node.known(1);
  if (known && is_float(to) && known->type().elements() == 1) {
    // x·x and √x are both quicker and nearer than exp(y · log(x)).
    const double value = known->as_doubles().front();
    const ir::Shape shape = ir::broadcast(base.shape(), known->type().shape).value_or(base.shape());
    if (value == 2) return node.give(reshaped(base * base, shape));
    if (value == 1) return node.give(reshaped(base, shape));
    if (value == 3) return node.give(reshaped(base * base * base, shape));
  }
  if (to == from) return node.give(apply(ops::pow, base, exponent));
  if (is_float(to)) return node.give(apply(ops::pow, base, cast_to(exponent, to)));
  if (is_float(from)) {
    // Integers cut off what follows the point: what is whole but for the last bits is whole.
    const Var power = apply(ops::pow, cast_to(base, DType::kF64), cast_to(exponent, DType::kF64));
    const Var whole = power.apply(ops::round);
    const Var near = apply(ops::le, (power - whole).apply(ops::abs), whole.apply(ops::abs) * 1e-12);
    return node.give(cast_to(select(near, whole, power), to));
  }
  node.give(
      cast_to(apply(ops::pow, cast_to(base, DType::kI64), cast_to(exponent, DType::kI64)), to));
}

// Mod-13: the sign of the divisor (Python's %), with fmod the sign of the dividend (C's).
void mod(OnnxNode& node) {
  const Var a = node.in(0), b = node.in(1);
  if (!is_float(a.type().dtype)) {
    const Var rest = a - a / b * b;
    if (node.flag("fmod", false)) return node.give(rest);
    const Var zero = rest.splat(0);
    const Var signs = apply(ops::eq, apply(ops::lt, rest, zero), apply(ops::lt, b, zero));
    const Var keeps = apply(ops::logical_or, signs, apply(ops::eq, rest, zero));
    return node.give(select(keeps, rest, rest + b));
  }
  // In f64 the rest of two f32 is exact up to quotients of 2^29.
  const Var x = cast_to(a, DType::kF64), y = cast_to(b, DType::kF64);
  const Var quotient = x / y;
  const Var down = quotient.apply(ops::floor), up = quotient.apply(ops::ceil);
  const Var whole = select(apply(ops::lt, quotient, quotient.splat(0)), up, down);
  const Var rest = x - (node.flag("fmod", false) ? whole : down) * y;
  const Var endless =
      apply(ops::eq, y.apply(ops::abs), y.splat(std::numeric_limits<double>::infinity()));
  const Var finite = apply(ops::lt, x.apply(ops::abs), y.apply(ops::abs));
  node.give(cast_to(select(apply(ops::logical_and, endless, finite), x, rest), a.type().dtype));
}

void logical_xor(OnnxNode& node) {
  node.give(apply(ops::eq, node.in(0), node.in(1)).apply(ops::logical_not));
}

void is_inf(OnnxNode& node) {
  const Var x = node.in(0);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const bool positive = node.flag("detect_positive", true);
  const bool negative = node.flag("detect_negative", true);
  const Var up = apply(ops::eq, x, x.splat(kInfinity));
  const Var down = apply(ops::eq, x, x.splat(-kInfinity));
  if (positive && negative) return node.give(apply(ops::logical_or, up, down));
  if (positive || negative) return node.give(positive ? up : down);
  node.give(apply(ops::logical_and, up, down));  // never
}

void reciprocal(OnnxNode& node) {
  const Var x = node.in(0);
  node.give(x.splat(1) / x);
}

void tan(OnnxNode& node) {
  node.give(node.in(0).apply(ops::sin) / node.in(0).apply(ops::cos));
}
// x · (c0 + c1 x² + c2 x⁴ …): the series of an odd function, near 0, where its formula cancels.
Var odd_series(const Var& x, std::initializer_list<double> coefficients) {
  const Var square = x * x;
  Var sum = x.splat(*(coefficients.end() - 1));
  for (const double* c = coefficients.end() - 1; c != coefficients.begin();)
    sum = sum * square + x.splat(*--c);
  return x * sum;
}
Var near_zero(const Var& x, double most, const Var& series, const Var& formula) {
  return select(apply(ops::lt, x.apply(ops::abs), x.splat(most)), series, formula);
}

void sinh(OnnxNode& node) {
  const Var x = node.in(0);
  const Var half = exp(x / 2) / 2, other = exp(-x / 2) / 2;  // so that 89 does not overflow
  const Var formula = (half * exp(x / 2) - other * exp(-x / 2));
  node.give(
      near_zero(x, 0.3, odd_series(x, {1, 1.0 / 6, 1.0 / 120, 1.0 / 5040, 1.0 / 362880}), formula));
}
void cosh(OnnxNode& node) {
  const Var x = node.in(0);
  const Var half = exp(x / 2) / 2, other = exp(-x / 2) / 2;
  node.give(half * exp(x / 2) + other * exp(-x / 2));
}
// log(x + √(x² + 1)), odd.
void asinh(OnnxNode& node) {
  const Var x = node.in(0), size = x.apply(ops::abs);
  // Beyond 1e9 the root is |x| itself, whose square would overflow.
  const Var far = apply(ops::gt, size, size.splat(1e9));
  const Var root = select(far, size, sqrt(size * size + x.splat(1)));
  const Var value = select(far, log(size) + size.splat(std::numbers::ln2), log(size + root));
  const Var formula = select(apply(ops::lt, x, x.splat(0)), -value, value);
  node.give(near_zero(x, 0.25,
                      odd_series(x, {1, -1.0 / 6, 3.0 / 40, -15.0 / 336, 105.0 / 3456,
                                     -945.0 / 42240, 10395.0 / 599040}),
                      formula));
}
void acosh(OnnxNode& node) {
  const Var x = node.in(0);
  const Var far = apply(ops::gt, x, x.splat(1e9));
  const Var near = log(x + sqrt(x * x - x.splat(1)));
  node.give(select(far, log(x) + x.splat(std::numbers::ln2), near));
}
void atanh(OnnxNode& node) {
  const Var x = node.in(0), one = x.splat(1);
  node.give(near_zero(x, 0.25,
                      odd_series(x, {1, 1.0 / 3, 1.0 / 5, 1.0 / 7, 1.0 / 9, 1.0 / 11, 1.0 / 13}),
                      log((one + x) / (one - x)) / 2));
}

// Cast-21; the other float formats are not linnet's.
void cast(OnnxNode& node) {
  const auto to = static_cast<int32_t>(node.integer("to", 0));
  const auto dtype = dtype_of(to);
  if (!dtype) {
    if (!is_data_type(to)) node.wrong(fmt::format("there is no data type {}", to));
    node.unsupported(fmt::format("casts to {} are not supported", data_type_name(to)));
  }
  node.give(cast_to(node.in(0), *dtype));
}
void cast_like(OnnxNode& node) {
  node.give(cast_to(node.in(0), node.in(1).type().dtype));
}

void identity(OnnxNode& node) {
  node.give(node.in(0));
}

// Clip-13: bounds are attributes before version 11, inputs after.
void clip(OnnxNode& node) {
  Var x = node.in(0);
  const auto low = node.known(1), high = node.known(2);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const bool constant = is_float(x.type().dtype) && (!node.has(1) || low) && (!node.has(2) || high);
  if (node.opset() < 11 || constant) {
    const double min = low ? node.number(1, "min") : node.number("min", -kInfinity);
    const double max = high ? node.number(2, "max") : node.number("max", kInfinity);
    if (is_float(x.type().dtype))
      return node.give(x.apply(ops::clip, {{"min", min}, {"max", max}}));
  }
  if (node.has(1)) x = maximum(x, node.in(1));
  if (node.has(2)) x = minimum(x, node.in(2));
  node.give(x);
}

constexpr std::array kOnnxOps = std::to_array<OnnxOp>({
    {"Abs", one_to_one<ops::abs>},
    {"Acosh", acosh},
    {"Add", one_to_one<ops::add>},
    {"And", one_to_one<ops::logical_and>},
    {"Asinh", asinh},
    {"Atanh", atanh},
    {"Cast", cast},
    {"CastLike", cast_like},
    {"Ceil", one_to_one<ops::ceil>},
    {"Clip", clip},
    {"Cos", one_to_one<ops::cos>},
    {"Cosh", cosh},
    {"Div", one_to_one<ops::div>},
    {"Equal", one_to_one<ops::eq>},
    {"Erf", one_to_one<ops::erf>},
    {"Exp", one_to_one<ops::exp>},
    {"Floor", one_to_one<ops::floor>},
    {"Greater", one_to_one<ops::gt>},
    {"GreaterOrEqual", one_to_one<ops::ge>},
    {"Identity", identity},
    {"IsInf", is_inf},
    {"IsNaN", one_to_one<ops::is_nan>},
    {"Less", one_to_one<ops::lt>},
    {"LessOrEqual", one_to_one<ops::le>},
    {"Log", one_to_one<ops::log>},
    {"Max", variadic<ops::maximum>},
    {"Mean", mean},
    {"Min", variadic<ops::minimum>},
    {"Mod", mod},
    {"Mul", one_to_one<ops::mul>},
    {"Neg", one_to_one<ops::neg>},
    {"Not", one_to_one<ops::logical_not>},
    {"Or", one_to_one<ops::logical_or>},
    {"Pow", pow},
    {"Reciprocal", reciprocal},
    {"Round", one_to_one<ops::round>},
    {"Sign", one_to_one<ops::sign>},
    {"Sin", one_to_one<ops::sin>},
    {"Sinh", sinh},
    {"Sqrt", one_to_one<ops::sqrt>},
    {"Sub", one_to_one<ops::sub>},
    {"Sum", variadic<ops::add>},
    {"Tan", tan},
    {"Where", one_to_one<ops::where>},
    {"Xor", logical_xor},
});

}  // namespace

std::span<const OnnxOp> elementwise_ops() {
  return kOnnxOps;
}

}  // namespace linnet::frontend
