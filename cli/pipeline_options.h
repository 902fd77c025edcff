// The flags of every command that runs passes.
#pragma once

#include "cli/model_options.h"
#include "passes/run/run_pipeline.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::cli {

struct PipelineFlags {
  std::string stop_after;
  std::vector<std::string> disabled;
  std::vector<std::string> explained;
  int64_t limit = -1;
  bool times = false;
  bool check = false;
  bool threads = false;  // no flag: what builds a trainer sets it

  void add(CLI::App& command);
  [[nodiscard]] bool explains(std::string_view pass) const;  // it, or all
  // Runs `rows` on the module; nullopt, with an error, if a pass broke it.
  [[nodiscard]] std::optional<ir::Module>
  run(Session& session, ir::Module module, const codegen::Target& target, uint64_t seed,
      std::span<const passes::Pass> rows = passes::pipeline(),
      const std::function<void(const passes::Pass&, const ir::Module&)>& after = nullptr) const;
  // False, with an error that names the pass, if what these flags left out is needed for code.
  [[nodiscard]] bool complete(Session& session, const ir::Module& module) const;
};

// Of an option whose values are passes: another name is an error of the call, with a suggestion.
// `or_all`: "all" is one too.
[[nodiscard]] CLI::Validator is_pass(bool or_all = false);

}  // namespace linnet::cli
