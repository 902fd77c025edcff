// The flags of every command that runs passes.
#pragma once

#include "cli/model_options.h"
#include "passes/run_pipeline.h"

#include <optional>
#include <string>
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
  // Runs `rows` on the module; nullopt, with an error, if a name is wrong or a pass broke it.
  [[nodiscard]] std::optional<ir::Module>
  run(Session& session, ir::Module module, const codegen::Target& target, uint64_t seed,
      std::span<const passes::Pass> rows = passes::pipeline(),
      const std::function<void(const passes::Pass&, const ir::Module&)>& after = nullptr) const;
};

// False, with an error that suggests a name, if there is no such pass.
bool known_pass(Session& session, const std::string& name);

}  // namespace linnet::cli
