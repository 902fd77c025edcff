// One line on a terminal that tells what goes on, once that takes long, and is gone when it ends.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace linnet::cli {

class Progress {
public:
  using Clock = std::chrono::steady_clock;

  // On the terminal `file`; anything else that is no terminal stays silent. The first line comes
  // when work has taken `patience`.
  explicit Progress(int file, std::chrono::milliseconds patience = std::chrono::seconds(1));
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // What is done now: "optimising", or "compiling 63 kernels" with `total` to count.
  void phase(std::string what, size_t total = 0);
  void done(size_t count);
  // Is a phase going on?
  [[nodiscard]] bool working() const { return working_; }
  // The line makes room for other text, until it is drawn again.
  void hide();
  // The line goes; what is printed next stands in its place.
  void stop();
  // No line from now on.
  void silence();

  // "compiling 63 kernels  41/63  6 s left", cut to `columns`: the rest takes as long for each as
  // what is done did.
  [[nodiscard]] static std::string line(std::string_view what, size_t done, size_t total,
                                        std::chrono::duration<double> elapsed, size_t columns);

private:
  void watch();
  void draw();  // under the lock

  int file_;
  bool wanted_;
  std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ending_ = false, working_ = false, shown_ = false;
  Clock::time_point begin_, phase_begin_;
  std::string what_;
  size_t done_ = 0, total_ = 0;
  std::thread watcher_;  // started with the first work on a terminal
};

}  // namespace linnet::cli
