// Slices resolved against a shape, for evaluation and code generation.
#pragma once

#include "ir/op_def.h"

namespace linnet::ir {

// out[i] = in[start + i * step] along every dimension.
struct SliceRange {
  int64_t start = 0;
  int64_t step = 1;
  int64_t count = 0;
};

[[nodiscard]] OpResult<std::vector<SliceRange>> slice_ranges(const Attrs& attrs,
                                                             const Shape& shape);

}  // namespace linnet::ir
