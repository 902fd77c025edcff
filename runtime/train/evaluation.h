// The model as it is used, on samples whose answers are known.
#pragma once

#include "runtime/data/batches.h"
#include "runtime/train/checkpoint.h"
#include "runtime/train/processes.h"
#include "runtime/train/report.h"

#include <functional>

namespace linnet::runtime::train {

// The element of an array of the trainer's floats.
[[nodiscard]] double value_at(const linnet_trainer_v1& trainer, const void* floats, int64_t i);

class Evaluation {
public:
  Evaluation(const linnet_trainer_v1& trainer, const Slots& slots, Aligned& arena,
             const Processes& processes)
      : t_(trainer), slots_(slots), arena_(arena), processes_(processes) {}

  // All processes call it: each evaluates a run of the batches, and their losses are added in the
  // order of the batches.
  [[nodiscard]] Score score(const Samples& samples) const;
  // Of at most `most` samples, evenly taken.
  [[nodiscard]] Score score(const Samples& samples, int64_t most) const;
  // The model's first output on every sample.
  [[nodiscard]] std::vector<double> outputs(const Samples& samples) const;
  // Are there classes, so that answers are right or wrong?
  [[nodiscard]] bool has_accuracy() const { return classes_output() >= 0; }

  // `taken` samples, evenly taken, the largest batch as often as it fits, then single ones: `use`
  // gets the loss and the model's outputs, the batch's targets, and the first of so many samples.
  using Use = std::function<void(const std::vector<std::vector<uint8_t>>& outputs,
                                 const void* const* targets, int64_t, int64_t)>;
  void for_batches(const Samples& samples, int64_t taken, const Use& use) const {
    for_batches(samples, taken, 0, batches_of(taken), use);
  }

private:
  // How many batches so many samples make.
  [[nodiscard]] int64_t batches_of(int64_t samples) const;
  // Those numbered first … end − 1.
  void for_batches(const Samples& samples, int64_t taken, int64_t first, int64_t end,
                   const Use& use) const;
  [[nodiscard]] int64_t classes_output() const;
  [[nodiscard]] int64_t correct(const void* values, const linnet_port_v1& port, const void* targets,
                                int64_t count) const;

  const linnet_trainer_v1& t_;
  const Slots& slots_;
  Aligned& arena_;
  const Processes& processes_;
};

}  // namespace linnet::runtime::train
