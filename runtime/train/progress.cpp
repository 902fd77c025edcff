#include "runtime/train/progress.h"

#include "runtime/io/result.h"

#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace linnet::runtime::train {
namespace {

constexpr auto kRefresh = std::chrono::milliseconds(100);
constexpr int64_t kWidth = 24;

double seconds(std::chrono::steady_clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

std::string duration_text(double s) {
  const auto whole = static_cast<long>(s + 0.5);
  if (whole < 60) return format("%ld s", whole);
  return format("%ld:%02ld min", whole / 60, whole % 60);
}

}  // namespace

Progress::Progress(bool quiet, int64_t steps, int64_t steps_an_epoch, int64_t batch)
    : quiet_(quiet), terminal_(isatty(STDERR_FILENO) == 1),
      colour_(terminal_ && std::getenv("NO_COLOR") == nullptr), steps_(steps),
      each_(steps_an_epoch), batch_(batch), start_(std::chrono::steady_clock::now()) {}

double Progress::rate() const {
  const double time = seconds(std::chrono::steady_clock::now() - start_);
  return time > 0 ? static_cast<double>((done_ - first_ + 1) * batch_) / time : 0;
}

void Progress::clear() {
  if (terminal_ && !quiet_) std::fputs("\r\033[K", stderr);
}

void Progress::step(int64_t done, double loss) {
  if (first_ < 0) first_ = done;
  done_ = done;
  if (quiet_ || !terminal_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - shown_ < kRefresh && done != steps_) return;
  shown_ = now;
  std::string bar;
  for (int64_t i = 0; i < kWidth; ++i)
    bar += i * steps_ < done * kWidth ? "━" : "╌";
  const double speed = rate();
  const double left = speed > 0 ? static_cast<double>((steps_ - done) * batch_) / speed : 0;
  std::fprintf(stderr, "\r\033[Kepoch %lld/%lld %s%s%s loss %.4f  %.0f samples/s  %s left",
               static_cast<long long>((done - 1) / each_ + 1),
               static_cast<long long>((steps_ + each_ - 1) / each_), colour_ ? "\033[32m" : "",
               bar.c_str(), colour_ ? "\033[0m" : "", loss, speed, duration_text(left).c_str());
  std::fflush(stderr);
}

void Progress::epoch(int64_t epoch, double loss, double penalty, double validation_loss,
                     double validation_accuracy) {
  if (quiet_) return;
  clear();
  std::string text = format("epoch %lld  loss %.4f", static_cast<long long>(epoch), loss);
  if (penalty != 0) text += format("  penalty %.4f", penalty);
  if (validation_loss >= 0) text += format("  validation loss %.4f", validation_loss);
  if (validation_accuracy >= 0) text += format("  accuracy %.1f %%", 100 * validation_accuracy);
  std::fprintf(stderr, "%s  %.0f samples/s\n", text.c_str(), rate());
}

void Progress::note(const std::string& text) {
  if (quiet_) return;
  clear();
  std::fprintf(stderr, "note: %s\n", text.c_str());
}

}  // namespace linnet::runtime::train
