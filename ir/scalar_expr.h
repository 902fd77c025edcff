// The scalar meaning of an elementwise op, as a small expression tree: evaluator,
// derivative and Halide lowering all read the same tree.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace linnet::ir {

// The operators, by ir/scalar_ops.def.
enum class ScalarOp : uint8_t {
  kArgument,
  kConstant,
#define LINNET_SCALAR(enumerator, name, operands, op) enumerator,
#include "ir/scalar_ops.def"
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

// Parameter lists and arguments by the number of operands, for what ir/scalar_ops.def makes.
#define LINNET_PARAMETERS_1(T) T a
#define LINNET_PARAMETERS_2(T) T a, T b
#define LINNET_PARAMETERS_3(T) T a, T b, T c
#define LINNET_ARGUMENTS_1 a
#define LINNET_ARGUMENTS_2 a, b
#define LINNET_ARGUMENTS_3 a, b, c
#define LINNET_ELEMENTS_1(x) x[0]
#define LINNET_ELEMENTS_2(x) x[0], x[1]

// Each operator by name: `tanh(x)`, `select(condition, then, otherwise)`.
#define LINNET_SCALAR(enumerator, name, operands, op)                                              \
  ScalarExpr name(LINNET_PARAMETERS_##operands(ScalarExpr));
#include "ir/scalar_ops.def"

}  // namespace linnet::ir
