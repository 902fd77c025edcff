// Whom the driver works for: where messages go, and who hears what goes on.
#pragma once

#include "support/diag.h"

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace linnet::driver {

struct Host {
  SourceManager& sources;
  Diagnostics& diagnostics;
  // Told before and while something takes long: what, and how much of what is done. May be empty.
  std::function<void(std::string_view what, size_t done, size_t total)> progress = nullptr;
  // Told how long something took. May be empty.
  std::function<void(std::string_view what, std::chrono::nanoseconds time)> time = nullptr;

  void working(std::string_view what) const {
    if (progress) progress(what, 0, 0);
  }
  void took(std::string_view what, std::chrono::nanoseconds duration) const {
    if (time) time(what, duration);
  }
  // An error or a warning without a place in a source.
  void error(std::string message, Status status = Status::kBadInput, std::string remedy = "") const;
  void warning(std::string message, std::string remedy = "") const;
};

}  // namespace linnet::driver
