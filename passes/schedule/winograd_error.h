// What Winograd's form of a convolution loses against its plain sum.
#pragma once

#include "ir/tensor.h"

#include <cstdint>

namespace linnet::passes {

// The largest error of F(tile², 3²) in f32 against the sum in f64, as a share of the largest
// magnitude of the result: some outputs of these weights [O, I, 3, 3] on some tiles whose pixels
// Philox draws from −1 to 1. The same for the same weights, some milliseconds.
[[nodiscard]] double winograd_error(const ir::Tensor& weights, int64_t tile);

}  // namespace linnet::passes
