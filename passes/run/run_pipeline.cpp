#include "passes/run/run_pipeline.h"

#include "ir/verify.h"
#include "passes/passes.h"
#include "passes/run/check_passes.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::passes {

PipelineResult run_pipeline(ir::Module module, std::span<const Pass> passes,
                            const PipelineOptions& options, PassContext& context) {
  PipelineResult result;
  for (const Pass& pass : passes) {
    if (std::ranges::find(options.disabled, pass.name) != options.disabled.end()) continue;
    const std::optional<ir::Module> before = options.check ? std::optional(module) : std::nullopt;
    const auto start = std::chrono::steady_clock::now();
    module = pass.run(std::move(module), context);
    result.times.push_back({pass.name, std::chrono::steady_clock::now() - start});
    if (options.verify || options.check) {
      if (const auto broken = ir::verify(module))
        result.broken = fmt::format("pass {} left an invalid module: {}", pass.name, *broken);
    }
    // What differs in training differs by design.
    const bool keeps_values = pass.run != enter_training;
    if (options.check && keeps_values && result.broken.empty()) {
      if (const auto difference = compare_modules(*before, module, context.seed))
        result.broken = fmt::format("pass {} changed the values: {}", pass.name, *difference);
    }
    if (options.after) options.after(pass, module);
    if (!result.broken.empty() || pass.name == options.stop_after) break;
  }
  result.module = std::move(module);
  return result;
}

}  // namespace linnet::passes
