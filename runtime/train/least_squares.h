// The closed-form fit of a model that is affine in its parameters.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <functional>
#include <vector>

namespace linnet::runtime::train {

// Minimises ‖f(θ) − target‖² for an affine f of `count` parameters into vectors of the target's
// size: column j of the design matrix is f(unit vector j) − f(0). Householder QR with column
// pivoting, in f64; where columns depend on each other, the solution of least norm. `rank` tells.
[[nodiscard]] Result<std::vector<double>>
least_squares(int64_t count, const std::vector<double>& target,
              const std::function<Result<std::vector<double>>(const std::vector<double>&)>& f,
              int64_t& rank);

}  // namespace linnet::runtime::train
