// The elementary functions on Halide expressions.
#include "codegen/lower/halide_math.h"

#include "base/math.h"
#include "support/check.h"

#include <cstring>

namespace linnet::codegen {

using Halide::Expr;

// Halide makes llvm.NAME.vNf32 of a call to llvm.NAME.f32 when it vectorises.
Expr intrinsic(const char* name, const std::vector<Expr>& operands) {
  using Halide::Internal::Call;
  const Halide::Type type = operands[0].type();
  const std::string suffix = type.bits() == 64 ? ".f64" : ".f32";
  return Call::make(type, name + suffix, operands, Call::PureExtern);
}

namespace {

// base/math.h on Halide expressions. Halide has no fused multiply-add of its own; a product
// and a sum would be at the mercy of what else uses the product.
template <int bits> struct HalideBackend {
  using V = Expr;
  using M = Expr;
  using Wide = HalideBackend<64>;
  static constexpr bool kIsDouble = bits == 64;
  static constexpr double kLeastNormal = kIsDouble ? 0x1p-1022 : 0x1p-126;
  static constexpr int kMantissa = kIsDouble ? 52 : 23;
  static constexpr int kBias = kIsDouble ? 1023 : 127;

  static Halide::Type type() { return Halide::Float(bits); }
  static Halide::Type integer() { return Halide::Int(bits); }
  static Expr constant(double value) { return Halide::Internal::make_const(type(), value); }
  static Expr number(int64_t value) { return Halide::Internal::make_const(integer(), value); }
  static Expr fma(const Expr& a, const Expr& b, const Expr& c) {
    return intrinsic("llvm.fma", {a, b, c});
  }
  static Expr select(const Expr& m, const Expr& a, const Expr& b) {
    return Halide::select(m, a, b);
  }
  static Expr round(const Expr& x) { return intrinsic("llvm.roundeven", {x}); }
  static Expr floor(const Expr& x) { return Halide::floor(x); }
  // Halide's minus is 0 - x, which loses the sign of 0.
  static Expr negate(const Expr& x) {
    const Expr sign = Halide::Internal::make_const(Halide::UInt(bits), 1) << (bits - 1);
    return Halide::reinterpret(type(), Halide::reinterpret(Halide::UInt(bits), x) ^ sign);
  }
  static Expr abs(const Expr& x) { return intrinsic("llvm.fabs", {x}); }
  static Expr less(const Expr& a, const Expr& b) { return a < b; }
  static Expr equal(const Expr& a, const Expr& b) { return a == b; }
  static Expr pow2(const Expr& n) {
    return Halide::reinterpret(type(), (Halide::cast(integer(), n) + number(kBias))
                                           << number(kMantissa));
  }
  static Expr steps(const Expr& x) {
    int64_t root = 0;
    if constexpr (kIsDouble) {
      const double value = 0.70710678118654752440;
      std::memcpy(&root, &value, sizeof value);
    } else {
      const auto value = static_cast<float>(0.70710678118654752440);
      std::memcpy(&root, &value, sizeof value);
    }
    return (Halide::reinterpret(integer(), x) - number(root)) >> number(kMantissa);
  }
  static Expr exponent(const Expr& x) { return Halide::cast(type(), steps(x)); }
  static Expr mantissa(const Expr& x) {
    return Halide::reinterpret(type(),
                               Halide::reinterpret(integer(), x) - (steps(x) << number(kMantissa)));
  }
  static Expr widen(const Expr& x) { return Halide::cast<double>(x); }
  static Expr narrow(const Expr& x) { return Halide::cast<float>(x); }
};

template <int bits> Expr function(ir::ScalarOp op, const std::vector<Expr>& x) {
  using B = HalideBackend<bits>;
  switch (op) {
#define LINNET_ELEMENTARY(enumerator, name, operands, op)                                          \
  case ir::ScalarOp::enumerator:                                                                   \
    return math::name<B>(LINNET_ELEMENTS_##operands(x));
#include "ir/scalar_ops.def"
  default:
    LINNET_CHECK(false, "no elementary function " + std::string(name(op)));
  }
}

}  // namespace

Expr fenced(const Expr& value) {
  return intrinsic("llvm.arithmetic.fence", {value});
}

Expr negated(const Expr& x) {
  return fenced(x.type().bits() == 64 ? HalideBackend<64>::negate(x)
                                      : HalideBackend<32>::negate(x));
}

Expr elementary(ir::ScalarOp op, const std::vector<Expr>& operands) {
  // The fence keeps the last product of a function out of a sum behind it.
  return fenced(operands[0].type().bits() == 64 ? function<64>(op, operands)
                                                : function<32>(op, operands));
}

}  // namespace linnet::codegen
