// Runs passes over a module, watched.
#pragma once

#include "passes/run/pass.h"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace linnet::passes {

struct PipelineOptions {
  std::string stop_after;             // name of a pass, or "" for all
  std::vector<std::string> disabled;  // names of passes to leave out
  bool verify = false;                // ir::verify after every pass
  bool check = false;                 // compare values before and after (check_passes.h)
  // Called with each pass and the module after it.
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

// The rows in order. A pass that leaves an invalid or, with `check`, another module ends it.
[[nodiscard]] PipelineResult run_pipeline(ir::Module module, std::span<const Pass> passes,
                                          const PipelineOptions& options, PassContext& context);

}  // namespace linnet::passes
