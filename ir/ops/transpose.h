// The permutation of a transpose, for whoever reads through one.
#pragma once

#include "ir/op_def.h"

namespace linnet::ir {

// Dimension i of the result is dimension dims[i] of the operand: the attribute, or the last two
// dimensions swapped.
[[nodiscard]] Ints permutation(const Attrs& attrs, size_t rank);

}  // namespace linnet::ir
