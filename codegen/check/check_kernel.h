// One kernel alone: compiled, called on hostile memory, compared with the evaluator.
#pragma once

#include "codegen/object/target.h"
#include "ir/graph.h"

#include <cstdint>
#include <string>
#include <vector>

namespace linnet::codegen {

struct KernelCheck {
  std::string error;  // what went wrong, or ""
  double worst = 0;   // largest |kernel − evaluator| as a share of the bound
  int64_t code_bytes = 0;
};

// Inputs are random by `seed`. Exact buffers end (and in a second call begin) at a page that may
// not be touched, at an odd multiple of 4 bytes; padded ones are rounded up with signalling
// NaNs in what the type does not use. Floats must agree within
// 4 · (1 + √(number of roundings)) · eps · Σ|a·b| as the evaluator carries it, of a family that
// rounds more within its factor of the largest of these (docs/numerics.md); all else exactly.
// A kernel without storage on its inputs and outputs is taken to have exact memory.
[[nodiscard]] KernelCheck check_kernel(const ir::Graph& kernel, const Target& target,
                                       uint64_t seed);
// The same with these inputs, row-major.
[[nodiscard]] KernelCheck check_kernel(const ir::Graph& kernel, const Target& target,
                                       const std::vector<ir::Tensor>& inputs);

}  // namespace linnet::codegen
