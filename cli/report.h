// The report of a model: what became of it, as one page or as data.
#pragma once

#include "cli/bench_call.h"
#include "cli/pipeline_options.h"
#include "cli/report_numbers.h"
#include "driver/compile.h"

#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
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

// In a page the data follows it, up to the end of the element.
inline constexpr std::string_view kPageMark =
    R"(<script type="application/json" id="linnet-report">)";

// What of a compiled model is no part of its report's data, for who compares it with another.
struct ReportedProduct {
  std::optional<driver::Product> product;
  std::vector<ComputedValue> values;  // inputs, then in the order of the numbers
};

// The data of a report; nullopt, with the reason reported, on failure. `run`: of the training run
// that the model comes from, what is added to "training"; null if it comes from none.
[[nodiscard]] std::optional<nlohmann::ordered_json>
report_data(Session& session, const ReportOptions& options,
            const nlohmann::ordered_json& run = nullptr, ReportedProduct* kept = nullptr);

// One call of it, or a training step, as it is timed. nullptr, with an error, if it cannot be.
[[nodiscard]] std::unique_ptr<BenchCall> timed_call(Session& session, const ReportOptions& options,
                                                    const driver::Product& built);

// False, with an error, if a report cannot be written there, which is said before a minute of work:
// it would be lost, or the folder takes none. True without a path. `flag`: that names it.
[[nodiscard]] bool takes_report(Session& session, const ModelOptions& model,
                                const std::string& tuning, const std::string& path,
                                std::string_view flag = "--report");

// Compiles the model and writes what there is to be told of it.
[[nodiscard]] Status write_report(Session& session, const ReportOptions& options,
                                  const nlohmann::ordered_json& run = nullptr);

// What a report says of a training run: its curves, thinned where it is long, and gradients.
[[nodiscard]] nlohmann::ordered_json history_json(const runtime::train::History& history);

// --input.
void add_report_inputs(CLI::App& command, std::vector<std::string>& inputs);
// --report F.html, of commands that write a report besides.
void add_report_option(CLI::App& command, std::string& output);

}  // namespace linnet::cli
