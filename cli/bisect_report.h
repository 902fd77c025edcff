// What `linnet bisect` found: its lines, its files, and a command that shows the fault again.
#pragma once

#include "cli/session.h"
#include "driver/bisect/bisect.h"

#include <cstdint>
#include <optional>
#include <string>

namespace linnet::cli {

struct BisectReport {
  std::string model;   // its file
  std::string output;  // the file of the small case
  std::optional<std::string> target;
  double tolerance = 0;
  uint64_t seed = 0;
  bool json = false;
};

// Writes the small case, tries the command that shows the fault on it, and prints what is known.
// kDone: there is no fault; kBadInput, status 1: there is one.
[[nodiscard]] Status give(Session& session, const BisectReport& report,
                          driver::BisectAnswer answer);

}  // namespace linnet::cli
