// Runs passes over a module, watched.
#pragma once

#include "passes/run/pass.h"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace linnet::passes {

struct PipelineOptions {
  std::string stop_after;             // name of a pass or phase, or "" for all
  std::vector<std::string> disabled;  // names of passes to leave out
  // ir::verify after every pass, and what a phase promises (check_phase.h) at its end, if all of
  // its passes ran.
  bool verify = false;
  bool check = false;  // also compare values before and after each pass (check_passes.h)
  // Called before each pass that runs, and after it with the module.
  std::function<void(const Pass&)> before;
  std::function<void(const Pass&, const ir::Module&)> after;
};

struct PassTime {
  std::string_view name;
  std::chrono::nanoseconds time{0};
};

struct PipelineResult {
  ir::Module module;
  std::vector<PassTime> times;
  std::string broken;  // which pass broke what; "" if none did
};

// The rows in order, but for those that `context` does not want. It ends early with a pass that
// leaves an invalid or, with `check`, another module, with a broken promise, and with the first
// errors in `context`.
[[nodiscard]] PipelineResult run_pipeline(ir::Module module, std::span<const Pass> passes,
                                          const PipelineOptions& options, PassContext& context);

}  // namespace linnet::passes
