// What a person sees while a model is trained.
#pragma once

#include "runtime/train/report.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace linnet::runtime::train {

using Clock = std::chrono::steady_clock;

// Samples a second of one epoch's steps: not of what stands between them (evaluation, checkpoints),
// nor of the run's first step, which meets cold memory and starts threads, where there are others.
class StepRate {
public:
  void begin(Clock::time_point now) { begun_ = now; }
  void end(Clock::time_point now, int64_t samples);
  void next_epoch();
  [[nodiscard]] double value() const;  // 0 before the first step

private:
  Clock::time_point begun_;
  Clock::duration time_{}, first_time_{};
  int64_t samples_ = 0, first_samples_ = 0;
  bool first_ = true;
};

// What an epoch came to. Accuracies are parts.
struct EpochReport {
  int64_t epoch = 0, epochs = 0;
  double rate = 0;  // the learning rate of its last step
  double loss = 0, penalty = 0;
  std::optional<double> accuracy;  // of samples trained on, with the parameters after the epoch
  std::optional<Score> validation;
};

class Progress {
public:
  // `quiet`: nothing at all. A bar on a terminal, else a line for each epoch, on standard error.
  Progress(bool quiet, int64_t steps, int64_t steps_an_epoch, int64_t batch);

  void begin_step() { speed_.begin(Clock::now()); }
  void step(int64_t done, double loss);
  void epoch(const EpochReport& report);
  void note(const std::string& text);
  // The line a signal leaves, quiet or not.
  void stopped(const std::string& text);

private:
  void clear();

  bool quiet_, terminal_, colour_;
  int64_t steps_, each_, batch_;
  int64_t first_ = -1;
  StepRate speed_;
  Clock::time_point start_, shown_;
};

}  // namespace linnet::runtime::train
