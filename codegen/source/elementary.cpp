// The elementary functions of base/math.h as C functions: its formulas run on expressions.
#include "codegen/source/helpers.h"

#include "base/math.h"
#include "codegen/emit/header.h"
#include "ir/scalar_expr.h"

#include <fmt/format.h>

#include <optional>
#include <vector>

namespace linnet::codegen::source {
namespace {

// What the back end's numbers are nodes of, while a formula runs.
struct Formula {
  Expressions e;
  const std::string& prefix;
};
thread_local Formula* current = nullptr;

struct Number {
  NodeId id = -1;
};

CType type_of(Number x) {
  return current->e.type(x.id);
}
Number binary(const char* op, Number a, Number b) {
  return {current->e.binary(type_of(a), op, a.id, b.id)};
}
Number operator+(Number a, Number b) {
  return binary("+", a, b);
}
Number operator-(Number a, Number b) {
  return binary("-", a, b);
}
Number operator*(Number a, Number b) {
  return binary("*", a, b);
}
Number operator/(Number a, Number b) {
  return binary("/", a, b);
}

template <int bits> struct SourceBackend {
  using V = Number;
  using M = Number;
  using Wide = SourceBackend<64>;
  static constexpr bool kIsDouble = bits == 64;
  static constexpr double kLeastNormal = kIsDouble ? 0x1p-1022 : 0x1p-126;
  static constexpr CType kType = kIsDouble ? CType::kF64 : CType::kF32;

  static Number libm(const char* name, const std::vector<NodeId>& x) {
    return {current->e.call(kType, std::string(name) + (kIsDouble ? "" : "f"), x)};
  }
  static Number own(const char* name, Number x) {
    return {current->e.call(kType, fmt::format("{}_{}_{}", current->prefix, name, suffix(kType)),
                            {x.id})};
  }
  static Number constant(double value) {
    return {current->e.literal(kType, kIsDouble ? value : static_cast<float>(value))};
  }
  static Number fma(Number a, Number b, Number c) {
    const std::string macro = upper_case(current->prefix) + (kIsDouble ? "_FMA" : "_FMAF");
    return {current->e.call(kType, macro, {a.id, b.id, c.id})};
  }
  static Number select(Number m, Number a, Number b) {
    return {current->e.select(m.id, a.id, b.id)};
  }
  static Number round(Number x) { return libm("nearbyint", {x.id}); }
  static Number floor(Number x) { return libm("floor", {x.id}); }
  static Number abs(Number x) { return libm("fabs", {x.id}); }
  static Number negate(Number x) { return {current->e.negative(x.id)}; }
  static Number less(Number a, Number b) { return {current->e.compare("<", a.id, b.id)}; }
  static Number equal(Number a, Number b) { return {current->e.compare("==", a.id, b.id)}; }
  static Number pow2(Number n) { return own("pow2", n); }
  static Number exponent(Number x) { return own("exponent", x); }
  static Number mantissa(Number x) { return own("mantissa", x); }
  static Number widen(Number x) { return {current->e.cast(CType::kF64, x.id)}; }
  static Number narrow(Number x) { return {current->e.cast(CType::kF32, x.id)}; }
};

template <int bits>
std::optional<Number> formula(std::string_view function, const std::vector<Number>& x) {
  using B = SourceBackend<bits>;
#define LINNET_ELEMENTARY(enumerator, name, operands, op)                                          \
  if (function == #name) return math::name<B>(LINNET_ELEMENTS_##operands(x));
#include "ir/scalar_ops.def"
  return std::nullopt;
}

size_t operands_of(std::string_view function) {
#define LINNET_ELEMENTARY(enumerator, name, operands, op)                                          \
  if (function == #name) return operands;
#include "ir/scalar_ops.def"
  return 0;
}

}  // namespace

std::string elementary_function(const std::string& name, const std::string& prefix,
                                Called& called) {
  const size_t dash = name.rfind('_');
  if (dash == std::string::npos) return "";
  const std::string function = name.substr(0, dash);
  const size_t operands = operands_of(function);
  if (operands == 0) return "";
  const bool single = name.substr(dash) == "_f32";
  const std::string_view type = single ? "float" : "double";
  const std::string head =
      operands == 2 ? fmt::format("{0} a, {0} b", type) : fmt::format("{} x", type);
  std::string text = fmt::format("static {} {}_{}({}) {{\n", type, prefix, name, head);
  if (single && (function == "sin" || function == "cos" || function == "pow")) {
    called.insert(fmt::format("{}_{}_f64", prefix, function));
    return text + fmt::format("  return (float){}_{}_f64({});\n}}\n", prefix, function,
                              operands == 2 ? "(double)a, (double)b" : "(double)x");
  }
  Formula running{{}, prefix};
  current = &running;
  Names names;
  std::vector<Number> x;
  for (const char* argument : operands == 2 ? std::vector{"a", "b"} : std::vector{"x"})
    x.push_back({running.e.accumulator(single ? CType::kF32 : CType::kF64, names.fresh(argument))});
  const NodeId result = (single ? formula<32>(function, x) : formula<64>(function, x))->id;
  current = nullptr;
  Writer writer(running.e, names, called, prefix, Writer::Style::kEachInAVariable);
  writer.count_uses({result});
  const std::string value = writer.text_of(result);
  for (const std::string& line : writer.lines())
    text += line + "\n";
  return text + fmt::format("  return {};\n}}\n", value);
}

}  // namespace linnet::codegen::source
