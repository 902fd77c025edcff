// The nodes that a scalar tree means: the op of each of its operators.
#pragma once

#include "ir/scalar_expr.h"
#include "ir/var.h"

#include <map>
#include <span>
#include <vector>

namespace linnet::ir {

// Appends nodes for trees over the same operands; shared subtrees become shared nodes.
class ScalarNodes {
public:
  // Constants are of `dtype`. `operands` must outlive this.
  ScalarNodes(Builder& builder, std::span<const ValueId> operands, DType dtype)
      : builder_(&builder), operands_(operands), dtype_(dtype) {}

  [[nodiscard]] Var build(const ScalarExpr& expr);

private:
  [[nodiscard]] Var build_new(const ScalarExpr& expr);

  Builder* builder_;
  std::span<const ValueId> operands_;
  DType dtype_;
  std::map<const void*, Var> made_;
  std::vector<ScalarExpr> kept_;  // an identity is an address: it must not be given to another tree
};

// The ops that the record's scalar tree is made of, instead of the op; none if it has no tree, or
// one that is the op itself (exp of its operand).
[[nodiscard]] std::vector<ValueId> scalar_expansion(const OpDef& op, Builder& builder,
                                                    std::span<const ValueId> operands,
                                                    const Attrs& attrs);
[[nodiscard]] bool has_scalar_expansion(const OpDef& op, const Attrs& attrs);

}  // namespace linnet::ir
