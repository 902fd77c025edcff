// Elements and slices of lists and tensors, as numpy counts: negative positions from the end,
// slices clamped to what is there.
#pragma once

#include "frontend/lin/elaborate/nodes.h"
#include "frontend/lin/elaborate/scope.h"

namespace linnet::frontend {

class Expressions;

// `x[1, 2:, ...]`: operands[0] of `expr` is x, the others are the positions.
Value index(const Expr& expr, Scope& scope, Expressions& expressions, Nodes& nodes, Report& report);

}  // namespace linnet::frontend
