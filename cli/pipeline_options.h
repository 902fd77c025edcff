// The flags of every command that runs passes.
#pragma once

#include "cli/model_options.h"
#include "driver/lower.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::cli {

struct PipelineFlags : driver::PassOptions {
  void add(CLI::App& command, Session& session);
  // --threads.
  void add_threads(CLI::App& command);
  // Runs `rows` on the module for inference, or of a module with a train block for its step;
  // nullopt, with an error, if a pass broke it.
  [[nodiscard]] std::optional<ir::Module> run(Session& session, ir::Module module,
                                              const codegen::Target& target, uint64_t seed,
                                              std::span<const passes::Pass> rows,
                                              const driver::AfterPass& after = nullptr) const;
};

// Of an option whose values are passes: another name is an error of the call, with a suggestion.
// `or_all`: "all" is one too.
[[nodiscard]] CLI::Validator is_pass(bool or_all = false);
// Where the pipeline may end: after a pass or a phase.
[[nodiscard]] CLI::Validator is_end();

}  // namespace linnet::cli
