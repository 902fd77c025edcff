// Weights of a 3 × 3 convolution as Winograd's minimal filtering multiplies with them.
#pragma once

#include "ir/tensor.h"

#include <cstddef>

namespace linnet::codegen {

// U = G g Gᵀ for each window g of the f32 tensor [O, I, 3, 3], computed in f64 and rounded once, in
// the layout of `type`, at `to`, which is zeros.
void store_winograd(const ir::Tensor& tensor, const ir::Type& type, std::byte* to);

}  // namespace linnet::codegen
