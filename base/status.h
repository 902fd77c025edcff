// How a linnet program ends.
#pragma once

namespace linnet {

// Exit statuses of the compiler and of every produced executable; docs/cli.md lists them. Of two
// faults the one with the larger number is reported.
enum class Status : int {
  kDone = 0,
  kBadInput = 1,
  kBadCall = 2,
  kUnsupported = 3,
  kMachine = 4,
  kBug = 5,
};

// As a shell counts: 130 for SIGINT, 143 for SIGTERM.
[[nodiscard]] constexpr Status ended_by(int signal) {
  return static_cast<Status>(128 + signal);
}

// What `main` returns.
[[nodiscard]] constexpr int exit_code(Status status) {
  return static_cast<int>(status);
}

}  // namespace linnet
