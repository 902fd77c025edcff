// What a person sees while a model is trained.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace linnet::runtime::train {

class Progress {
public:
  // `quiet`: nothing at all. A bar on a terminal, else a line for each epoch, on standard error.
  Progress(bool quiet, int64_t steps, int64_t steps_an_epoch, int64_t batch);

  void step(int64_t done, double loss);
  // After an epoch: its mean loss, and accuracies as parts (negative: none).
  void epoch(int64_t epoch, double loss, double penalty, double validation_loss,
             double validation_accuracy);
  void note(const std::string& text);

private:
  void clear();
  [[nodiscard]] double rate() const;

  bool quiet_, terminal_, colour_;
  int64_t steps_, each_, batch_;
  int64_t first_ = -1, done_ = 0;
  std::chrono::steady_clock::time_point start_, shown_;
};

}  // namespace linnet::runtime::train
