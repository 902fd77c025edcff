// How good a model is on samples, by the code and the arithmetic that training measures it with.
#pragma once

#include "runtime/answers/metrics.h"

#include "base/abi/train.h"
#include "base/result.h"

namespace linnet::runtime::train {

// The slots hold their first values: the weights the model was compiled with. Loss and counts are
// those of the test line that training prints, bit for bit.
[[nodiscard]] Result<Measured> measure(const linnet_trainer_v1& trainer, const std::string& path);

}  // namespace linnet::runtime::train
