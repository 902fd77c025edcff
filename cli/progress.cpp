// A thread of its own draws, for the work may be one long call of a library.
#include "cli/progress.h"

#include "base/integers.h"
#include "support/text.h"

#include <fmt/format.h>

#include <cmath>
#include <sys/ioctl.h>
#include <unistd.h>

namespace linnet::cli {
namespace {

constexpr auto kPeriod = std::chrono::milliseconds(100);

void put(int file, std::string_view text) {
  // A terminal that takes nothing is no reason to fail.
  (void)!write(file, text.data(), text.size());
}

size_t columns_of(int file) {
  winsize size{};
  return ioctl(file, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

Progress::Progress(int file, std::chrono::milliseconds patience)
    : file_(file), wanted_(isatty(file) == 1), patience_(patience) {}

Progress::~Progress() {
  stop();
  if (!watcher_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  watcher_.join();
}

void Progress::phase(std::string what, size_t total) {
  if (!wanted_) return;
  const std::lock_guard lock(mutex_);
  phase_begin_ = Clock::now();
  if (!working_) begin_ = phase_begin_;
  working_ = true;
  what_ = std::move(what);
  done_ = 0;
  total_ = total;
  draw();
  if (!watcher_.joinable()) watcher_ = std::thread([this] { watch(); });
}

void Progress::done(size_t count) {
  if (!wanted_) return;
  const std::lock_guard lock(mutex_);
  done_ = count;
  draw();
}

void Progress::stop() {
  const std::lock_guard lock(mutex_);
  if (shown_) put(file_, "\r\x1b[K");
  shown_ = working_ = false;
}

void Progress::hide() {
  const std::lock_guard lock(mutex_);
  if (shown_) put(file_, "\r\x1b[K");
  shown_ = false;
}

void Progress::silence() {
  stop();
  wanted_ = false;
}

std::string Progress::line(std::string_view what, size_t done, size_t total,
                           std::chrono::duration<double> elapsed, size_t columns) {
  std::string text(what);
  if (total > 0) text += fmt::format("  {}/{}", done, total);
  if (done > 0 && done < total) {
    const double left =
        elapsed.count() / static_cast<double>(done) * static_cast<double>(total - done);
    const auto seconds = static_cast<int64_t>(std::ceil(left));
    text += seconds < 120 ? fmt::format("  {} s left", seconds)
                          : fmt::format("  {} min left", ceil_div(seconds, 60));
  }
  while (display_width(text) >= columns && !text.empty()) {
    while ((text.back() & 0xc0) == 0x80)  // the rest of a character of several bytes
      text.pop_back();
    text.pop_back();
  }
  return text;
}

void Progress::draw() {
  const auto now = Clock::now();
  if (!working_ || now - begin_ < patience_) return;
  put(file_, "\r\x1b[K" + line(what_, done_, total_, now - phase_begin_, columns_of(file_)));
  shown_ = true;
}

void Progress::watch() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    wake_.wait_for(lock, kPeriod);
    draw();
  }
}

}  // namespace linnet::cli
