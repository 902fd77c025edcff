// The training loop: shuffled batches through a compiled step, evaluation, checkpoints.
#pragma once

#include "base/result.h"
#include "runtime/train/options.h"
#include "runtime/train/processes.h"
#include "runtime/train/report.h"

namespace linnet::runtime::train {

// Trains, writes what the options name, and evaluates the result. Test samples are read only then.
// All of `processes` call it; the first writes and has a whole report.
[[nodiscard]] Result<TrainReport> train(const linnet_trainer_v1& trainer,
                                        const TrainOptions& options, Processes& processes);

}  // namespace linnet::runtime::train
