// The training loop: shuffled batches through a compiled step, evaluation, checkpoints.
#pragma once

#include "runtime/train/options.h"

#include <cstdint>
#include <optional>

namespace linnet::runtime::train {

// How a set of samples fares. Accuracy is negative where there are no classes.
struct Score {
  int64_t count = 0;
  double loss = 0;
  int64_t correct = -1;
  [[nodiscard]] double accuracy() const {
    return correct < 0 ? -1 : static_cast<double>(correct) / static_cast<double>(count);
  }
};

struct TrainReport {
  int64_t steps = 0;
  int64_t best_epoch = -1;  // the result is the last state if negative
  int signal = 0;           // the run was interrupted by it, its checkpoint written
  Score train;
  std::optional<Score> validation, test;
};

// Trains, writes what the options name, and evaluates the result. Test samples are read only then.
[[nodiscard]] Result<TrainReport> train(const linnet_trainer_v1& trainer,
                                        const TrainOptions& options);

// The three scores for a person, or as one line of JSON.
[[nodiscard]] std::string report_text(const TrainReport& report, bool json);

// Wilson, 1927: the 95 % interval of a proportion.
struct Interval {
  double low = 0, high = 0;
};
[[nodiscard]] Interval wilson(int64_t correct, int64_t count);

// The learning rate of step `step`, from 1 on, of `steps` in all.
[[nodiscard]] double rate_of(const linnet_recipe_v1& recipe, int64_t step, int64_t steps,
                             int64_t steps_an_epoch);

}  // namespace linnet::runtime::train
