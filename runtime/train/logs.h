// What a run writes down besides its result: a row for each step, events for TensorBoard, a history
// for who called it.
#pragma once

#include "base/result.h"
#include "runtime/train/evaluation.h"
#include "runtime/train/events.h"
#include "runtime/train/log_file.h"
#include "runtime/train/options.h"
#include "runtime/train/progress.h"

namespace linnet::runtime::train {

class Logs {
public:
  Logs(const linnet_trainer_v1& trainer, const Slots& slots, Aligned& arena)
      : t_(trainer), slots_(slots), arena_(arena) {}

  // The files that the options name; what they hold of the `step` steps done stays.
  [[nodiscard]] Result<void> open(const TrainOptions& options, int64_t step);

  void step(int64_t step, double loss, double rate);
  // Those that the last step of an epoch or of the run is about to use. `inputs`: its batch, or the
  // sums of its shards.
  void keep_gradients(const void* const* inputs, const linnet_step_args_v1& args);
  void epoch(int64_t step, const EpochReport& report);
  [[nodiscard]] Result<void> flush();

private:
  [[nodiscard]] std::vector<double> elements(const void* floats, int64_t bytes) const;
  // The norm of an array of the trainer's floats, and a histogram of its elements.
  void values(int64_t step, const char* what, const char* path, const void* floats, int64_t bytes);

  const linnet_trainer_v1& t_;
  const Slots& slots_;
  Aligned& arena_;
  LogFile log_;
  EventFile events_;
  History* history_ = nullptr;
  std::vector<std::vector<uint8_t>> gradients_;  // of the epoch's last step, by slot
};

}  // namespace linnet::runtime::train
