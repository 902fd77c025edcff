// Derivatives of scalar trees, with PyTorch's conventions where there is none.
#pragma once

#include "ir/op_def.h"
#include "ir/scalar_expr.h"

namespace linnet::ir {

// d expr / d argument(index). |x|' = 0 at 0; of max and min each side gets half where both are
// equal; floor, ceil, round and truth values have slope 0; a select has the slope of its branch.
[[nodiscard]] ScalarExpr derivative(const ScalarExpr& expr, int index);

[[nodiscard]] bool is_constant(const ScalarExpr& expr, double value);

// The elementwise op that computes this operator: kAdd is ops::add. Not for arguments and
// constants.
[[nodiscard]] const OpDef& op_of(ScalarOp op);

}  // namespace linnet::ir
