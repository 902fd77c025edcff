// Weights whose arithmetic is slow because they are nearly zero.
#pragma once

#include "driver/host.h"
#include "ir/module.h"

namespace linnet::driver {

// A remark for each parameter with values other than 0 below 1e-30 (in f64 1e-290): products with
// them are denormal, which some CPUs compute many times slower.
void report_tiny_weights(const ir::Module& module, const Host& host);

}  // namespace linnet::driver
