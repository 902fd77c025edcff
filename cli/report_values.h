// What the numbers of one value are like.
#pragma once

#include "base/io/tensor.h"
#include "ir/type.h"

#include <nlohmann/json.hpp>

#include <span>

namespace linnet::cli {

// The number, or null: JSON has no NaN and no infinity.
[[nodiscard]] nlohmann::ordered_json finite(double value);

// Adds range, histogram and counts of all samples; of a value [N, C, H, W] the channels of the
// first sample as pictures, of others lines: over the samples if they are steps of time, else over
// the last dimension.
void add_values(nlohmann::ordered_json& json, std::span<const Tensor> samples,
                const ir::Shape& shape, bool are_steps);

}  // namespace linnet::cli
