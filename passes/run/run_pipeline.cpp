// The one loop over passes, and what is checked around each.
#include "passes/run/run_pipeline.h"

#include "ir/verify.h"
#include "passes/run/check_passes.h"
#include "passes/run/check_phase.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::passes {
namespace {

// Is there nothing to do from this row on, though no row of them is the one to stop after?
bool is_beyond(const std::string& stop_after, std::span<const Pass> passes, const Pass& row) {
  const Pass* stop = find_pass(stop_after);
  const auto phase = stop ? stop->phase : find_phase(stop_after);
  return phase && row.phase > *phase &&
         std::ranges::find(passes, stop_after, &Pass::name) == passes.end();
}

// The phase that is over with this row, if every row of it that is wanted has run.
std::optional<Phase> ended_phase(const Pass& row, const std::vector<PassTime>& ran,
                                 const PassContext& context) {
  const auto rows = pipeline(row.phase, row.phase);
  const auto has_run = [&](const Pass& each) {
    return !each.wanted(context) || std::ranges::find(ran, each.name, &PassTime::name) != ran.end();
  };
  return std::ranges::all_of(rows, has_run) ? std::optional(row.phase) : std::nullopt;
}

}  // namespace

PipelineResult run_pipeline(ir::Module module, std::span<const Pass> passes,
                            const PipelineOptions& options, PassContext& context) {
  PipelineResult result;
  const bool verify = options.verify || options.check;
  for (const Pass& pass : passes) {
    if (is_beyond(options.stop_after, passes, pass)) break;
    const bool disabled = std::ranges::find(options.disabled, pass.name) != options.disabled.end();
    if (!disabled && pass.wanted(context)) {
      const auto before = options.check ? std::optional(module) : std::nullopt;
      if (options.before) options.before(pass);
      const auto start = std::chrono::steady_clock::now();
      module = pass.run(std::move(module), context);
      result.times.push_back({pass.name, std::chrono::steady_clock::now() - start});
      if (!context.errors.empty()) break;
      const auto invalid = verify ? ir::verify(module) : std::nullopt;
      if (invalid) {
        result.broken = fmt::format("pass {} left an invalid module: {}", pass.name, *invalid);
      } else if (const auto phase = ended_phase(pass, result.times, context);
                 verify && phase && context.limit < 0) {
        if (const auto missing = check_phase(module, *phase))
          result.broken = fmt::format("phase {} ended with work of pass {} undone: {}",
                                      name(*phase), missing->pass, missing->why);
      }
      if (options.check && pass.keeps_values && result.broken.empty()) {
        if (const auto difference = compare_modules(*before, module, context.seed))
          result.broken = fmt::format("pass {} changed the values: {}", pass.name, *difference);
      }
      if (options.after) options.after(pass, module);
      if (!result.broken.empty()) break;
    }
    if (pass.name == options.stop_after) break;
  }
  result.module = std::move(module);
  return result;
}

}  // namespace linnet::passes
