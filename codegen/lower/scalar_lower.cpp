// A scalar tree as a Halide expression.
#include "codegen/lower/scalar_lower.h"

#include "codegen/lower/halide_math.h"
#include "codegen/lower/kernels/shared/arithmetic.h"
#include "codegen/lower/lowering.h"

#include "support/check.h"

#include <map>
#include <string>

namespace linnet::codegen {
namespace {

using Halide::Expr;
using ir::ScalarOp;

Expr truth(const Expr& e) {
  return e.type().is_bool() ? e : e != Halide::cast(e.type(), 0);
}

// Halide takes a <= b for !(b < a), which is true of NaN.
Expr at_most(const Expr& a, const Expr& b) {
  return a.type().is_float() ? a < b || a == b : a <= b;
}

// Toward zero; x / 0 is 0, and the least value over -1 wraps to itself.
Expr integer_quotient(const Expr& a, const Expr& b) {
  const Halide::Type type = a.type();
  const Expr zero = Halide::cast(type, 0);
  const Expr one = Halide::cast(type, 1);
  if (type.is_uint()) return Halide::select(b == zero, zero, a / Halide::max(b, one));
  const Expr minus = Halide::cast(type, -1);
  const Expr negated = difference_of(zero, a);
  const Expr safe = Halide::select(b == zero || b == minus, one, b);
  const Expr quotient =
      Halide::Internal::Call::make(type, Halide::Internal::Call::div_round_to_zero, {a, safe},
                                   Halide::Internal::Call::PureIntrinsic);
  return Halide::select(b == zero, zero, b == minus, negated, quotient);
}

class ScalarLowering {
public:
  ScalarLowering(ir::DType dtype, const std::vector<Expr>& arguments, bool as_written)
      : dtype_(dtype), arguments_(arguments), as_written_(as_written) {}

  Expr lower(const ir::ScalarExpr& expr) {
    if (const auto known = done_.find(expr.identity()); known != done_.end()) return known->second;
    const Expr result = make(expr);
    done_.emplace(expr.identity(), result);
    return result;
  }

private:
  Expr make(const ir::ScalarExpr& expr) {
    if (expr.op() == ScalarOp::kArgument) return arguments_[static_cast<size_t>(expr.index())];
    if (expr.op() == ScalarOp::kConstant) return literal(dtype_, expr.constant());
    std::vector<Expr> x;
    for (const ir::ScalarExpr& operand : expr.operands())
      x.push_back(lower(operand));
    switch (expr.op()) {
    case ScalarOp::kMin:
      return smaller(x[0], x[1]);
    case ScalarOp::kMax:
      return larger(x[0], x[1]);
    case ScalarOp::kLess:
      return x[0] < x[1];
    case ScalarOp::kLessEqual:
      return at_most(x[0], x[1]);
    case ScalarOp::kEqual:
      return x[0] == x[1];
    case ScalarOp::kAnd:
      return truth(x[0]) && truth(x[1]);
    case ScalarOp::kOr:
      return truth(x[0]) || truth(x[1]);
    case ScalarOp::kNot:
      return !truth(x[0]);
    case ScalarOp::kSelect:
      return Halide::select(truth(x[0]), x[1], x[2]);
    default:
      return is_float(dtype_) ? floating(expr.op(), x) : integer(expr.op(), x);
    }
  }

  Expr floating(ScalarOp op, const std::vector<Expr>& x) {
    switch (op) {
    case ScalarOp::kAdd:
      return x[0] + second(x);
    case ScalarOp::kSub:
      return x[0] - second(x);
    case ScalarOp::kMul:
      return x[0] * x[1];
    case ScalarOp::kDiv:
      return x[0] / x[1];
    case ScalarOp::kNeg:
      return negated(x[0]);
    case ScalarOp::kAbs:
      return intrinsic("llvm.fabs", x);
    case ScalarOp::kSqrt:
      return Halide::sqrt(x[0]);
    case ScalarOp::kFloor:
      return Halide::floor(x[0]);
    case ScalarOp::kCeil:
      return intrinsic("llvm.ceil", x);
    case ScalarOp::kRound:
      return intrinsic("llvm.roundeven", x);
    default:
      return elementary(op, x);
    }
  }

  // The second operand of a sum.
  [[nodiscard]] Expr second(const std::vector<Expr>& x) const {
    using Halide::Internal::Mul;
    return as_written_ && x[0].as<Mul>() && x[1].as<Mul>() ? fenced(x[1]) : x[1];
  }

  Expr integer(ScalarOp op, const std::vector<Expr>& x) {
    const Expr zero = Halide::cast(x[0].type(), 0);
    switch (op) {
    case ScalarOp::kAdd:
      return sum_of(x[0], x[1]);
    case ScalarOp::kSub:
      return difference_of(x[0], x[1]);
    case ScalarOp::kMul:
      return product_of(x[0], x[1]);
    case ScalarOp::kNeg:
      return difference_of(zero, x[0]);
    case ScalarOp::kAbs:
      return Halide::select(x[0] < zero, difference_of(zero, x[0]), x[0]);
    case ScalarOp::kDiv:
      return integer_quotient(x[0], x[1]);
    case ScalarOp::kPow:
      return integer_power(x[0], x[1]);
    default:
      LINNET_CHECK(false, "scalar op without integers: " + std::string(name(op)));
    }
  }

  // By squaring, in fixed steps; a negative exponent gives 0 but for bases 1 and -1.
  static Expr integer_power(const Expr& base, const Expr& exponent) {
    const Halide::Type type = base.type();
    const Halide::Type bits = type.with_code(Halide::Type::UInt);
    Expr power = Halide::cast(bits, 1);
    Expr square = Halide::cast(bits, base);
    const Expr e = Halide::cast(bits, exponent);
    const Expr one = Halide::cast(bits, 1);
    for (int bit = 0; bit < type.bits(); ++bit) {
      power = Halide::select(((e >> bit) & one) != 0, power * square, power);
      square = square * square;
    }
    const Expr result = Halide::cast(type, power);
    if (type.is_uint()) return result;
    const Expr unit = Halide::cast(type, 1);
    const Expr inverse =
        Halide::select(base == unit, unit, base == -unit,
                       Halide::select((exponent & unit) != 0, -unit, unit), Halide::cast(type, 0));
    return Halide::select(exponent < 0, inverse, result);
  }

  ir::DType dtype_;
  const std::vector<Expr>& arguments_;
  bool as_written_;
  std::map<const void*, Expr> done_;  // looked up, never iterated
};

}  // namespace

Expr lower_scalar(const ir::ScalarExpr& expr, ir::DType dtype, const std::vector<Expr>& arguments,
                  bool as_written) {
  return ScalarLowering(dtype, arguments, as_written).lower(expr);
}

}  // namespace linnet::codegen
