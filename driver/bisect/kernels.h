// The search among kernels.
#pragma once

#include "driver/bisect/bisect.h"

namespace linnet::driver {

// Finds the first kernel of the planned module that is wrong on the values it gets, whether it is
// its schedule or an op, and a small case, and writes them into the answer. False: there is none.
bool search_kernels(const BisectQuestion& question, const ir::Module& planned,
                    const TensorList& inputs, BisectAnswer& answer);

}  // namespace linnet::driver
