// The scalar meaning of an elementwise op, as a small expression tree: evaluator,
// derivative and Halide lowering all read the same tree.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace linnet::ir {

// Comparisons and kAnd, kOr, kNot give truth values, which only those and kSelect's first
// operand take. kMin and kMax propagate NaN from either side; kRound is to nearest even.
enum class ScalarOp : uint8_t {
  kArgument,
  kConstant,
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMin,
  kMax,
  kPow,
  kNeg,
  kAbs,
  kExp,
  kLog,
  kSqrt,
  kTanh,
  kErf,
  kSin,
  kCos,
  kFloor,
  kCeil,
  kRound,
  kLess,
  kLessEqual,
  kEqual,
  kAnd,
  kOr,
  kNot,
  kSelect,
};

[[nodiscard]] std::string_view name(ScalarOp op);

// An immutable tree with shared subtrees; cheap to copy.
class ScalarExpr {
public:
  ScalarExpr(double constant);
  static ScalarExpr argument(int index);  // operand `index` of the op
  static ScalarExpr make(ScalarOp op, std::vector<ScalarExpr> operands);

  [[nodiscard]] ScalarOp op() const;
  [[nodiscard]] int index() const;        // of kArgument
  [[nodiscard]] double constant() const;  // of kConstant
  [[nodiscard]] const std::vector<ScalarExpr>& operands() const;
  // Shared subtrees have one identity; readers may memoise on it (never order by it).
  [[nodiscard]] const void* identity() const { return node_.get(); }

private:
  struct Node;
  explicit ScalarExpr(std::shared_ptr<const Node> node) : node_(std::move(node)) {}
  std::shared_ptr<const Node> node_;
};

ScalarExpr operator+(ScalarExpr a, ScalarExpr b);
ScalarExpr operator-(ScalarExpr a, ScalarExpr b);
ScalarExpr operator*(ScalarExpr a, ScalarExpr b);
ScalarExpr operator/(ScalarExpr a, ScalarExpr b);
ScalarExpr operator-(ScalarExpr a);
ScalarExpr operator<(ScalarExpr a, ScalarExpr b);
ScalarExpr operator<=(ScalarExpr a, ScalarExpr b);
ScalarExpr operator>(ScalarExpr a, ScalarExpr b);
ScalarExpr operator>=(ScalarExpr a, ScalarExpr b);
ScalarExpr equal(ScalarExpr a, ScalarExpr b);
ScalarExpr min(ScalarExpr a, ScalarExpr b);
ScalarExpr max(ScalarExpr a, ScalarExpr b);
ScalarExpr pow(ScalarExpr a, ScalarExpr b);
ScalarExpr abs(ScalarExpr a);
ScalarExpr exp(ScalarExpr a);
ScalarExpr log(ScalarExpr a);
ScalarExpr sqrt(ScalarExpr a);
ScalarExpr tanh(ScalarExpr a);
ScalarExpr erf(ScalarExpr a);
ScalarExpr sin(ScalarExpr a);
ScalarExpr cos(ScalarExpr a);
ScalarExpr floor(ScalarExpr a);
ScalarExpr ceil(ScalarExpr a);
ScalarExpr round(ScalarExpr a);
ScalarExpr logical_and(ScalarExpr a, ScalarExpr b);
ScalarExpr logical_or(ScalarExpr a, ScalarExpr b);
ScalarExpr logical_not(ScalarExpr a);
ScalarExpr select(ScalarExpr condition, ScalarExpr then, ScalarExpr otherwise);

}  // namespace linnet::ir
