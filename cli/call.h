// A call of a compiled model, with outputs made for it.
#pragma once

#include "cli/tensor_files.h"
#include "driver/call.h"

#include <span>
#include <vector>

namespace linnet::cli {

// The outputs of a call for `samples` samples, along dimension 0 where the model is batched or has
// state; `ports`: what it gives for one.
[[nodiscard]] std::vector<Tensor> called(const driver::Callable& callable,
                                         std::span<const Port> ports,
                                         std::span<const Tensor> inputs, int64_t samples);

}  // namespace linnet::cli
