// `scale: standard`: mean and deviation as the training samples have them.
#pragma once

#include "runtime/data/samples.h"

#include <span>

namespace linnet::runtime::train {

// Of a column; a constant one keeps a deviation of 1.
[[nodiscard]] Scale scale_of(const char* name, std::span<const double> values);

// Scales the samples of the port that is called like the scale.
void apply(const linnet_trainer_v1& trainer, const Scale& scale, Samples& samples);

// Of tables: learnt from the training part's columns, applied to both parts.
void learn_tables(const linnet_trainer_v1& trainer, DataSet& data);

}  // namespace linnet::runtime::train
