// Arithmetic of numbers, bools and strings while a model is built.
#pragma once

#include "frontend/lin/elaborate/report.h"
#include "frontend/lin/value.h"

namespace linnet::frontend {

// `a op b` where neither is a tensor. Integers stay integers while they are exact; what does not
// fit into 64 bits is an error at `expr`.
Value arithmetic(const Expr& expr, const Value& a, const Value& b, Report& report);

}  // namespace linnet::frontend
