// What a training run ends with, for a person and for machines.
#pragma once

#include "runtime/answers/metrics.h"

#include "base/abi/train.h"

#include <cstdint>
#include <optional>
#include <string>

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
  int64_t steps = 0, epochs = 0;
  int64_t best_epoch = -1;     // the result is the last state if negative
  bool stopped_early = false;  // by `patience`
  int signal = 0;              // the run was interrupted by it, its checkpoint written
  std::string kept;            // which state is the result, and why
  std::string output;          // where it is
  Score train;
  std::optional<Score> validation, test;
};

// The three scores, what was kept and where it is, for a person; or as one line of JSON.
[[nodiscard]] std::string report_text(const TrainReport& report, bool json);

}  // namespace linnet::runtime::train
