// What the numbers of one value are like.
#pragma once

#include "base/io/tensor.h"
#include "ir/type.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <span>

namespace linnet::cli {

// The number, or null: JSON has no NaN and no infinity.
[[nodiscard]] nlohmann::ordered_json finite(double value);

struct ValueStatistics {
  double least = 0, most = 0, mean = 0, deviation = 0;  // of finite ones; 0: there are none
  int64_t finite = 0, zeros = 0, nans = 0, infinities = 0;
};
[[nodiscard]] ValueStatistics statistics_of(std::span<const double> values);

// Adds range, histogram and counts of all samples; of a value [N, C, H, W] the channels of the
// first sample as pictures, of others lines: over the samples if they are steps of time, else over
// the last dimension.
void add_values(nlohmann::ordered_json& json, std::span<const Tensor> samples,
                const ir::Shape& shape, bool are_steps);

}  // namespace linnet::cli
