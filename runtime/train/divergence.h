// A loss that is no number any more.
#pragma once

#include "base/result.h"
#include "runtime/train/checkpoint.h"

namespace linnet::runtime::train {

// The parameters after step `step` say where it went wrong: the first that is not finite, in the
// model's order, else the largest. `loss`: with the penalty.
[[nodiscard]] tl::unexpected<Error> diverged(const linnet_trainer_v1& trainer, const Slots& slots,
                                             int64_t step, double loss);

}  // namespace linnet::runtime::train
