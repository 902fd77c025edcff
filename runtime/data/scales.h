// `scale: standard`: mean and deviation as the training samples have them.
#pragma once

#include "base/dtype.h"
#include "runtime/data/samples.h"

#include <span>

namespace linnet::runtime::train {

// A scale of the columns of one port of tables.
struct PortScale {
  size_t port = 0;  // inputs first, then targets
  DType dtype = DType::kF32;
  Scale scale;
};

// Of a column; a constant one keeps a deviation of 1.
[[nodiscard]] Scale scale_of(const char* name, std::span<const double> values);

// Scales `samples` samples of the port, in place.
void apply(const PortScale& scale, uint8_t* data, int64_t samples);

// Those of `scales` that are for ports of tables.
[[nodiscard]] std::vector<PortScale> of_tables(const linnet_trainer_v1& trainer,
                                               const std::vector<Scale>& scales);

// Of every port of tables that learns its scale, from all of `samples`.
[[nodiscard]] Result<std::vector<Scale>> learn_tables(const linnet_trainer_v1& trainer,
                                                      const Samples& samples);

}  // namespace linnet::runtime::train
