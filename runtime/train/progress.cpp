// The bar and the lines of epochs.
#include "runtime/train/progress.h"

#include "base/integers.h"
#include "base/result.h"

#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace linnet::runtime::train {
namespace {

constexpr auto kRefresh = std::chrono::milliseconds(100);
constexpr int64_t kWidth = 24;

double seconds(Clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

std::string duration_text(double s) {
  const auto whole = static_cast<long>(s + 0.5);
  if (whole < 60) return format("%ld s", whole);
  return format("%ld:%02ld min", whole / 60, whole % 60);
}

}  // namespace

void StepRate::end(Clock::time_point now, int64_t samples) {
  if (first_) {
    first_ = false;
    first_time_ = now - begun_;
    first_samples_ = samples;
    return;
  }
  time_ += now - begun_;
  samples_ += samples;
}

void StepRate::next_epoch() {
  time_ = first_time_ = {};
  samples_ = first_samples_ = 0;
}

double StepRate::value() const {
  const bool only = samples_ == 0;
  const double time = seconds(only ? first_time_ : time_);
  return time > 0 ? static_cast<double>(only ? first_samples_ : samples_) / time : 0;
}

Progress::Progress(bool quiet, int64_t steps, int64_t steps_an_epoch, int64_t batch)
    : quiet_(quiet), terminal_(isatty(STDERR_FILENO) == 1),
      colour_(terminal_ && std::getenv("NO_COLOR") == nullptr), steps_(steps),
      each_(steps_an_epoch), batch_(batch), start_(Clock::now()) {}

void Progress::clear() {
  if (terminal_) std::fputs("\r\033[K", stderr);
}

void Progress::step(int64_t done, double loss) {
  const auto now = Clock::now();
  speed_.end(now, batch_);
  if (first_ < 0) first_ = done;
  if (quiet_ || !terminal_) return;
  if (now - shown_ < kRefresh && done != steps_) return;
  shown_ = now;
  std::string bar;
  for (int64_t i = 0; i < kWidth; ++i)
    bar += i * steps_ < done * kWidth ? "━" : "╌";
  const double left = seconds(now - start_) / static_cast<double>(done - first_ + 1) *
                      static_cast<double>(steps_ - done);
  std::fprintf(stderr, "\r\033[Kepoch %lld/%lld %s%s%s loss %.4f  %.0f samples/s  %s left",
               static_cast<long long>((done - 1) / each_ + 1),
               static_cast<long long>(ceil_div(steps_, each_)), colour_ ? "\033[32m" : "",
               bar.c_str(), colour_ ? "\033[0m" : "", loss, speed_.value(),
               duration_text(left).c_str());
  std::fflush(stderr);
}

void Progress::epoch(const EpochReport& r) {
  const double speed = speed_.value();
  speed_.next_epoch();
  if (quiet_) return;
  clear();
  std::string text = format("epoch %lld/%lld  lr %.4g  loss %.4f", static_cast<long long>(r.epoch),
                            static_cast<long long>(r.epochs), r.rate, r.loss);
  if (r.penalty != 0) text += format("  penalty %.4f", r.penalty);
  if (r.accuracy) text += format("  accuracy %.1f %%", 100 * *r.accuracy);
  if (r.validation) {
    text += format("  validation loss %.4f", r.validation->loss);
    if (r.validation->correct >= 0)
      text += format("  accuracy %.1f %%", 100 * r.validation->accuracy());
  }
  std::fprintf(stderr, "%s  %.0f samples/s\n", text.c_str(), speed);
}

void Progress::note(const std::string& text) {
  if (quiet_) return;
  clear();
  std::fprintf(stderr, "note: %s\n", text.c_str());
}

void Progress::stopped(const std::string& text) {
  clear();
  std::fprintf(stderr, "%s\n", text.c_str());
}

}  // namespace linnet::runtime::train
