// A scalar tree as a C expression.
#include "codegen/source/values.h"

#include "ir/scalar_expr.h"
#include "support/check.h"

#include <fmt/format.h>

namespace linnet::codegen::source {
namespace {

using ir::ScalarOp;

class ScalarValue {
public:
  ScalarValue(Values& values, ir::DType dtype, const std::vector<NodeId>& arguments)
      : v_(values), e_(values.e()), dtype_(dtype), arguments_(arguments) {}

  NodeId value(const ir::ScalarExpr& tree) {
    if (const auto known = done_.find(tree.identity()); known != done_.end()) return known->second;
    const NodeId result = make(tree);
    done_.emplace(tree.identity(), result);
    return result;
  }

private:
  NodeId truth(NodeId id) {
    if (e_.type(id) == CType::kTruth) return id;
    return e_.compare("!=", id, e_.literal(e_.type(id), 0));
  }

  NodeId make(const ir::ScalarExpr& tree) {
    if (tree.op() == ScalarOp::kArgument) return arguments_[static_cast<size_t>(tree.index())];
    if (tree.op() == ScalarOp::kConstant) return v_.literal(dtype_, tree.constant());
    std::vector<NodeId> x;
    for (const ir::ScalarExpr& operand : tree.operands())
      x.push_back(value(operand));
    switch (tree.op()) {
    case ScalarOp::kMin:
      return v_.smaller(x[0], x[1]);
    case ScalarOp::kMax:
      return v_.larger(x[0], x[1]);
    case ScalarOp::kLess:
      return e_.compare("<", x[0], x[1]);
    case ScalarOp::kLessEqual:
      return e_.compare("<=", x[0], x[1]);
    case ScalarOp::kEqual:
      return e_.compare("==", x[0], x[1]);
    case ScalarOp::kAnd:
      return e_.both(truth(x[0]), truth(x[1]));
    case ScalarOp::kOr:
      return e_.either(truth(x[0]), truth(x[1]));
    case ScalarOp::kNot:
      return e_.negation(truth(x[0]));
    case ScalarOp::kSelect:
      return e_.select(truth(x[0]), x[1], x[2]);
    case ScalarOp::kAdd:
      return arithmetic("+", x);
    case ScalarOp::kSub:
      return arithmetic("-", x);
    case ScalarOp::kMul:
      return arithmetic("*", x);
    default:
      return is_float(dtype_) ? floating(tree.op(), x) : integer(tree.op(), x);
    }
  }

  NodeId arithmetic(const char* sign, const std::vector<NodeId>& x) {
    return e_.binary(is_float(dtype_) ? c_type_of(dtype_) : e_.type(x[0]), sign, x[0], x[1]);
  }

  NodeId floating(ScalarOp op, const std::vector<NodeId>& x) {
    const CType type = c_type_of(dtype_);
    const auto math = [&](const std::string& function) {
      return e_.call(type, function + (type == CType::kF32 ? "f" : ""), x);
    };
    switch (op) {
    case ScalarOp::kDiv:
      return e_.binary(type, "/", x[0], x[1]);
    case ScalarOp::kNeg:
      return e_.negative(x[0]);
    case ScalarOp::kAbs:
      return math("fabs");
    case ScalarOp::kSqrt:
      return math("sqrt");
    case ScalarOp::kFloor:
      return math("floor");
    case ScalarOp::kCeil:
      return math("ceil");
    case ScalarOp::kRound:
      return math("nearbyint");
    default:
      return v_.call(type, fmt::format("{}_{}", name(op), suffix(type)), x);
    }
  }

  NodeId integer(ScalarOp op, const std::vector<NodeId>& x) {
    const CType type = e_.type(x[0]);
    const NodeId zero = e_.integer(type, 0);
    switch (op) {
    case ScalarOp::kNeg:
      return e_.binary(type, "-", zero, x[0]);
    case ScalarOp::kAbs:
      if (type == CType::kU8) return x[0];
      return e_.select(e_.compare("<", x[0], zero), e_.binary(type, "-", zero, x[0]), x[0]);
    case ScalarOp::kDiv:
      return v_.call(type, fmt::format("quotient_{}", suffix(type)), x);
    case ScalarOp::kPow:
      return v_.call(type, fmt::format("power_{}", suffix(type)), x);
    case ScalarOp::kFloor:
    case ScalarOp::kCeil:
    case ScalarOp::kRound:
      return x[0];
    default:
      LINNET_CHECK(false, "scalar op without integers: " + std::string(name(op)));
    }
  }

  Values& v_;
  Expressions& e_;
  ir::DType dtype_;
  const std::vector<NodeId>& arguments_;
  std::map<const void*, NodeId> done_;  // looked up, never iterated
};

}  // namespace

NodeId scalar_value(Values& values, const ir::ScalarExpr& tree, ir::DType dtype,
                    const std::vector<NodeId>& arguments) {
  return ScalarValue(values, dtype, arguments).value(tree);
}

}  // namespace linnet::codegen::source
