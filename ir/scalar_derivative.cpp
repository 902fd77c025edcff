// The derivative of a scalar tree, subtree by subtree.
#include "ir/scalar_derivative.h"

#include "support/check.h"

#include <map>

namespace linnet::ir {
namespace {

// Products and sums without what 0 and 1 make superfluous.
ScalarExpr product(const ScalarExpr& a, const ScalarExpr& b) {
  if (is_constant(a, 0) || is_constant(b, 0)) return 0.0;
  if (is_constant(a, 1)) return b;
  if (is_constant(b, 1)) return a;
  return a * b;
}
ScalarExpr sum(const ScalarExpr& a, const ScalarExpr& b) {
  if (is_constant(a, 0)) return b;
  if (is_constant(b, 0)) return a;
  return a + b;
}
ScalarExpr negative(const ScalarExpr& a) {
  if (a.op() == ScalarOp::kConstant) return -a.constant();
  return -a;
}
ScalarExpr quotient(const ScalarExpr& a, const ScalarExpr& b) {
  return is_constant(a, 0) ? ScalarExpr(0.0) : a / b;
}
ScalarExpr chosen(const ScalarExpr& condition, const ScalarExpr& a, const ScalarExpr& b) {
  const bool same = a.op() == ScalarOp::kConstant && is_constant(b, a.constant());
  return same || a.identity() == b.identity() ? a : select(condition, a, b);
}

class Differentiator {
public:
  explicit Differentiator(int index) : index_(index) {}

  ScalarExpr operator()(const ScalarExpr& expr) {
    const auto known = known_.find(expr.identity());
    if (known != known_.end()) return known->second;
    const ScalarExpr slope = of(expr);
    known_.emplace(expr.identity(), slope);
    return slope;
  }

private:
  ScalarExpr of(const ScalarExpr& e) {
    const auto& x = e.operands();
    const auto d = [&](size_t i) { return (*this)(x[i]); };
    switch (e.op()) {
    case ScalarOp::kArgument:
      return e.index() == index_ ? 1.0 : 0.0;
    case ScalarOp::kAdd:
      return sum(d(0), d(1));
    case ScalarOp::kSub:
      return sum(d(0), negative(d(1)));
    case ScalarOp::kMul:
      return sum(product(d(0), x[1]), product(x[0], d(1)));
    case ScalarOp::kDiv:
      return sum(quotient(d(0), x[1]), negative_quotient(product(x[0], d(1)), x[1]));
    case ScalarOp::kMin:
      return larger_or_half(x[1], x[0], d(0), d(1));
    case ScalarOp::kMax:
      return larger_or_half(x[0], x[1], d(0), d(1));
    case ScalarOp::kPow:
      return sum(product(d(0), base_slope(x[0], x[1])), product(d(1), exponent_slope(e)));
    case ScalarOp::kNeg:
      return negative(d(0));
    case ScalarOp::kAbs:
      return product(d(0), select(x[0] > 0.0, 1.0, select(x[0] < 0.0, -1.0, 0.0)));
    case ScalarOp::kSqrt:
      return product(d(0), 0.5 / e);
    case ScalarOp::kSelect:
      return chosen(x[0], d(1), d(2));
    case ScalarOp::kConstant:
      return 0.0;
    default:
      return elementary(e);
    }
  }

  // By the record of its op; steps and truth values have no slope.
  ScalarExpr elementary(const ScalarExpr& e) {
    const auto slope = op_of(e.op()).slope;
    if (!slope) return 0.0;
    const ScalarExpr inner = (*this)(e.operands().front());
    const ScalarExpr outer = slope(e, e.operands().front());
    const bool inverse = outer.op() == ScalarOp::kDiv && is_constant(outer.operands()[0], 1);
    return inverse ? quotient(inner, outer.operands()[1]) : product(inner, outer);
  }

  static ScalarExpr negative_quotient(const ScalarExpr& numerator, const ScalarExpr& by) {
    return is_constant(numerator, 0) ? ScalarExpr(0.0) : -(numerator / (by * by));
  }
  static ScalarExpr larger_or_half(const ScalarExpr& a, const ScalarExpr& b, const ScalarExpr& da,
                                   const ScalarExpr& db) {
    const ScalarExpr half = product(0.5, sum(da, db));
    return chosen(equal(a, b), half, chosen(a > b, da, db));
  }
  // b · a^(b − 1), 0 where b is 0, whatever a is.
  static ScalarExpr base_slope(const ScalarExpr& a, const ScalarExpr& b) {
    return select(equal(b, 0.0), 0.0, b * pow(a, b - 1.0));
  }
  // a^b · log a; 0 where a is 0 and b is not negative (torch.pow).
  static ScalarExpr exponent_slope(const ScalarExpr& power) {
    const ScalarExpr &a = power.operands()[0], &b = power.operands()[1];
    return select(logical_and(equal(a, 0.0), b >= 0.0), 0.0, power * log(a));
  }

  int index_;
  std::map<const void*, ScalarExpr> known_;
};

}  // namespace

bool is_constant(const ScalarExpr& expr, double value) {
  return expr.op() == ScalarOp::kConstant && expr.constant() == value;
}

ScalarExpr derivative(const ScalarExpr& expr, int index) {
  return Differentiator(index)(expr);
}

const OpDef& op_of(ScalarOp op) {
  switch (op) {
  case ScalarOp::kArgument:
  case ScalarOp::kConstant:
    break;
#define LINNET_SCALAR(enumerator, name, operands, op)                                              \
  case ScalarOp::enumerator:                                                                       \
    return op;
#include "ir/scalar_ops.def"
  }
  LINNET_CHECK(false, "no op computes '" + std::string(name(op)) + "'");
}

}  // namespace linnet::ir
