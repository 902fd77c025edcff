// Do the processes of a run train the same model, from the same state, on the same samples?
#pragma once

#include "runtime/data/samples.h"
#include "runtime/train/checkpoint.h"
#include "runtime/train/options.h"
#include "runtime/train/processes.h"

namespace linnet::runtime::train {

// Is there a shard for each?
[[nodiscard]] Result<void> check_processes(const linnet_trainer_v1& trainer,
                                           const Processes& processes);

// Before the first step, and after step `step`. All processes call them, and all get the error.
// Samples are all compared if they are in memory, else some (runtime/data/samples.h fingerprint()).
[[nodiscard]] Result<void> check_same_run(const linnet_trainer_v1& trainer,
                                          const TrainOptions& options, const DataSet& data,
                                          int64_t steps, int64_t step, const Slots& slots,
                                          Processes& processes);
[[nodiscard]] Result<void> check_same_slots(const linnet_trainer_v1& trainer, const Slots& slots,
                                            int64_t step, Processes& processes);

}  // namespace linnet::runtime::train
