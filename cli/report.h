// The report of a model: what became of it, as one page or as data.
#pragma once

#include "cli/pipeline_options.h"
#include "driver/compile.h"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace linnet::runtime::train {
struct History;
}

namespace linnet::cli {

struct ReportOptions {
  ModelOptions model;
  PipelineFlags pipeline;
  driver::CompileOptions build;
  std::vector<std::string> inputs;
  std::string output;  // the page; the data alone if it ends in .json
  bool train = false;
  bool no_times = false;
  bool no_numbers = false;
};

// False, with an error, if a report cannot be written there, which is said before a minute of work:
// it would be lost, or the folder takes none. True without a path. `flag`: that names it.
[[nodiscard]] bool takes_report(Session& session, const ModelOptions& model,
                                const std::string& tuning, const std::string& path,
                                std::string_view flag = "--report");

// Compiles the model and writes what there is to be told of it. `run`: of the training run that the
// model comes from, what is added to "training"; null if it comes from none.
[[nodiscard]] Status write_report(Session& session, const ReportOptions& options,
                                  const nlohmann::ordered_json& run = nullptr);

// What a report says of a training run: its curves, thinned where it is long, and gradients.
[[nodiscard]] nlohmann::ordered_json history_json(const runtime::train::History& history);

// --report F.html, of commands that write a report besides.
void add_report_option(CLI::App& command, std::string& output);

}  // namespace linnet::cli
