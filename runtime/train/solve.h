// Training without steps: least_squares().
#pragma once

#include "base/result.h"
#include "runtime/train/evaluation.h"

namespace linnet::runtime::train {

// All parameters at once, for a model that is affine in them. Where the result differs from the
// optimum, f32 has rounded it. Returns what is worth a note, "" if nothing is.
[[nodiscard]] Result<std::string> solve(const linnet_trainer_v1& trainer, Slots& slots,
                                        const Evaluation& evaluation, const Samples& samples);

}  // namespace linnet::runtime::train
