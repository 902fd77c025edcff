// SIGINT and SIGTERM while training: the first lets the step end, the second ends the process.
#pragma once

namespace linnet::runtime::train {

// Installs the handlers; the former ones come back with its end.
class InterruptGuard {
public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
};

// The signal that came, or 0.
[[nodiscard]] int interrupted();

}  // namespace linnet::runtime::train
