// Work in forked processes: parallel, limited in time and memory, and a crash in a library stays
// there.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace linnet::codegen {

struct WorkerResult {
  bool ok = false;
  std::string output;  // what the job returned, or why it failed: "signal 6", "timed out", …
};

struct WorkerLimits {
  int seconds = 120;
  size_t address_space = size_t{8} << 30;  // bytes beyond what the parent has mapped
};

// Runs `job(0)` … `job(count - 1)`, each in its own child process, at most `parallel` at a time;
// results are in order whatever the children's. An exception in a job is a failure with its text.
// `ended` is told after each how many have.
[[nodiscard]] std::vector<WorkerResult> run_forked(size_t count, int parallel,
                                                   const std::function<std::string(size_t)>& job,
                                                   const std::function<void(size_t)>& ended = {},
                                                   const WorkerLimits& limits = {});

}  // namespace linnet::codegen
