// Signal handlers that set a flag, and put the old handlers back.
#include "runtime/train/interrupt.h"

#include <csignal>
#include <unistd.h>

namespace linnet::runtime::train {
namespace {

volatile std::sig_atomic_t received = 0;
struct sigaction former[2];
constexpr int kSignals[2] = {SIGINT, SIGTERM};

void note(int signal) {
  if (received != 0) {
    // The line that stands there ends.
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, "\n", 1);
    _exit(128 + signal);
  }
  received = signal;
}

}  // namespace

InterruptGuard::InterruptGuard() {
  received = 0;
  struct sigaction action{};
  action.sa_handler = note;
  sigemptyset(&action.sa_mask);
  for (int i = 0; i < 2; ++i)
    sigaction(kSignals[i], &action, &former[i]);
}

InterruptGuard::~InterruptGuard() {
  for (int i = 0; i < 2; ++i)
    sigaction(kSignals[i], &former[i], nullptr);
}

int interrupted() {
  return received;
}

}  // namespace linnet::runtime::train
