// linnet report MODEL: one page that shows what every pass, Halide and LLVM made of a model, and
// what it takes.
#include "cli/report.h"

#include "cli/build.h"
#include "cli/help.h"
#include "cli/report_numbers.h"
#include "cli/report_product.h"
#include "ir/recipe.h"
#include "passes/lib/storage.h"
#include "support/json_text.h"

#include "base/io/file.h"
#include "base/text.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <unistd.h>

extern "C" {
extern const char linnet_embedded_report_page_begin[], linnet_embedded_report_page_end[];
}

namespace linnet::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kWarmUp = 3, kRounds = 15;
constexpr int64_t kSteps = 64;  // of a model with state that nobody gave inputs

// The page with the data in it. No text of a model can end the element: "<" is written \u003c.
std::string page_of(const Json& report) {
  std::string data;
  for (const char c : json_text(report)) {
    if (c == '<') {
      data += "\\u003c";
    } else {
      data += c;
    }
  }
  std::string page(linnet_embedded_report_page_begin, linnet_embedded_report_page_end);
  return page.replace(page.find(kPageMark) + kPageMark.size(), std::string_view("{}").size(), data);
}

// One report, from the model to its data.
class Reporting {
public:
  Reporting(Session& session, const ReportOptions& options, ReportedProduct* kept)
      : session_(session), options_(options), steps_(session), kept_(kept) {}

  std::optional<Json> data(const Json& run) {
    trained_here_ = !run.is_null();
    auto model = options_.model.open(session_, options_.pipeline);
    if (!model || !take_samples(*model)) return std::nullopt;
    auto built = product(*model);
    if (!built) return std::nullopt;
    Json report = head(*built);
    if (!add_built(report, *built) || (numbers() && runs_ && !add_numbers(*model, report, *built)))
      return std::nullopt;
    steps_.move_to(report, !options_.no_times);
    if (trained_here_) report["training"].update(run);
    if (kept_) kept_->product = std::move(built);
    return report;
  }

private:
  // Of a training step there are none: its values are those of a batch, and gradients.
  [[nodiscard]] bool numbers() const { return !options_.no_numbers && !options_.train; }

  bool take_samples(driver::Model& model) {
    if (options_.train) return true;
    const int64_t batch = options_.model.samples();
    if (!model.at_batch(batch)) return false;
    batched_ = model.batched(batch);
    const ir::Module* single = model.at_batch(batched_ ? 1 : batch);
    if (!single) return false;
    const std::vector<Port> ports = input_ports(*single);
    const bool state = passes::has_state(*single);
    if (options_.inputs.empty()) {
      samples_ = random_samples(ports, state ? kSteps : 1, options_.model.seed);
      return true;
    }
    auto given = samples_in_files(session_, options_.inputs, ports, batched_ || state);
    if (given) samples_ = std::move(*given);
    return given.has_value();
  }

  // As `linnet compile` would make it, with all texts, and watched.
  std::optional<driver::Product> product(driver::Model& model) {
    const auto target = options_.model.find_target(session_);
    if (!target) return std::nullopt;
    runs_ = codegen::runs_here(*target);
    measures_ = !options_.no_times && runs_;
    driver::Listener listener;
    listener.begins = [&](const ir::Module& module) { begins(module); };
    listener.after = [&](const passes::Pass& pass, const ir::Module& module) {
      if (steps_.after(pass, module) && errors_) last_errors_ = errors_->after(module);
      if (errors_) steps_.errors(last_errors_);
    };
    listener.remark = [&](const passes::Remark& remark) { steps_.remark(remark); };
    listener.weighed = [&](const passes::ScheduleChoice& choice) { choices_.push_back(choice); };
    listener.took = [&](const passes::PassTime& time) { steps_.took(time); };
    driver::CompileOptions flags = options_.build;
    flags.here = measures_;
    flags.product = runs_;
    flags.timed_entries = runs_;  // also without times: what is inlined depends on them
    flags.keep_text = true;
    flags.listener = &listener;
    return options_.train
               ? build_trainer(session_, model, options_.model, options_.pipeline, {flags})
               : build(session_, model, options_.model, options_.pipeline, flags);
  }

  void begins(const ir::Module& module) {
    imported_ = module;
    steps_.begins(module);
    if (!numbers()) return;
    errors_ = OutputErrors::of(imported_, batched_ ? options_.model.samples() : 1, samples_,
                               options_.model.seed);
    if (!errors_) return;
    last_errors_ = errors_->after(module);
    steps_.errors(last_errors_);
  }

  [[nodiscard]] Json head(const driver::Product& built) const {
    return {{"schema", 1},
            {"linnet", LINNET_VERSION},
            {"kind", options_.train ? "training" : "inference"},
            {"model", built.compiled.name},
            {"command", session_.line},
            {"batch", 1},
            {"threads", options_.pipeline.threads},
            {"weights", options_.model.weights.empty() ? Json() : Json(options_.model.weights)},
            {"untrained", options_.train ? !trained_here_ : built.untrained},
            {"target",
             {{"name", built.target.record.name},
              {"cpu", built.target.tune},
              {"vector_bits", built.target.info.vector_bytes * 8}}}};
  }

  bool add_built(Json& report, const driver::Product& built) {
    std::optional<ReportTimes> times;
    if (measures_) {
      const auto call = timed_call(session_, options_, built);
      if (!call) return false;
      times = ReportTimes{measure(session_, *call, kWarmUp, kRounds),
                          time_single_calls(session_, *call, 0),
                          measure_roofs(session_, built.target, options_.build)};
    }
    const ir::Module& module = built.modules.front();
    int64_t batch = options_.train ? driver::declared_batch(module).value_or(1) : 1;
    batch = options_.model.batch.value_or(batch);
    if (options_.train) batch /= ir::shards_of(module.train);
    report["batch"] = batch;
    const ReportProduct product{.product = built,
                                .imported = imported_,
                                .module = module,
                                .graph = options_.train ? driver::step_graph(module)
                                                        : module.graphs.front(),
                                .choices = choices_,
                                .batch = batch,
                                .batched = batched_,
                                .threads = options_.pipeline.threads,
                                .training = options_.train,
                                .times = times ? &*times : nullptr};
    add_product(report, product, steps_);
    if (options_.train) add_lanes(report, product);
    return true;
  }

  bool add_numbers(driver::Model& model, Json& report, const driver::Product& built) {
    const ir::Module* single = model.at_batch(batched_ ? 1 : options_.model.samples());
    return cli::add_numbers(session_, report,
                            {.imported = *single,
                             .planned = built.modules.front(),
                             .model = options_.model,
                             .pipeline = options_.pipeline,
                             .build = options_.build,
                             .samples = samples_,
                             .given = !options_.inputs.empty(),
                             .computed = kept_ ? &kept_->values : nullptr},
                            steps_);
  }

  Session& session_;
  const ReportOptions& options_;
  ReportSteps steps_;
  ReportedProduct* kept_;
  ir::Module imported_;
  bool trained_here_ = false, batched_ = false, runs_ = false, measures_ = false;
  std::vector<Sample> samples_;
  std::optional<OutputErrors> errors_;
  Json last_errors_;  // after the last pass that changed anything
  std::vector<passes::ScheduleChoice> choices_;
};

}  // namespace

bool takes_report(Session& session, const ModelOptions& model, const std::string& tuning,
                  const std::string& path, std::string_view flag) {
  if (path.empty()) return true;
  if (flag == "--report" && model.path == "-") {
    session.error("--report reads MODEL once more, and standard input is read only once",
                  Status::kBadCall, "give the model as a file");
    return false;
  }
  if (!model.spares(session, path, tuning, flag)) return false;
  if (access(folder_of(path).c_str(), W_OK) == 0) return true;
  session.error(fmt::format("{}: cannot be written: {}", path, std::strerror(errno)),
                Status::kMachine);
  return false;
}

std::optional<Json> report_data(Session& session, const ReportOptions& options, const Json& run,
                                ReportedProduct* kept) {
  return Reporting(session, options, kept).data(run);
}

std::unique_ptr<BenchCall> timed_call(Session& session, const ReportOptions& options,
                                      const driver::Product& built) {
  return options.train ? BenchCall::of_trainer(session, built, {}, options.model.seed)
                       : BenchCall::of_model(session, built, {});
}

Status write_report(Session& session, const ReportOptions& options, const Json& run) {
  if (!takes_report(session, options.model, options.pipeline.tuning, options.output, "-o"))
    return session.diagnostics.status();
  const auto report = report_data(session, options, run);
  if (!report) return session.diagnostics.status();
  const bool page = !options.output.ends_with(".json");
  const auto done = write_file(options.output, page ? page_of(*report) : json_text(*report) + "\n");
  if (!done) {
    session.error(done.error().message, done.error().status);
    return session.diagnostics.status();
  }
  session.closing = options.output;
  return Status::kDone;
}

void add_report_inputs(CLI::App& command, std::vector<std::string>& inputs) {
  command
      .add_option("--input", inputs,
                  "Tensor of an input, or @0 by position, for the values shown (default: random)")
      ->type_name("NAME=F.npy");
}

void add_report_option(CLI::App& command, std::string& output) {
  command
      .add_option("--report", output,
                  "Also write a page of what became of the model there, as `linnet report` does")
      ->check(file_fault)
      ->type_name("F.html|F.json");
}

void add_report(CLI::App& app, Session& session) {
  auto options = std::make_shared<ReportOptions>();
  CLI::App* command =
      app.add_subcommand("report", "Write a page that shows what became of a model, and why");
  command->footer("linnet report lenet.lin --weights lenet.safetensors -o lenet.html");
  add_build(*command, session, options->model, options->pipeline, options->build);
  options->pipeline.add_threads(*command);
  add_quiet(*command, session);
  add_report_inputs(*command, options->inputs);
  command->add_flag("--train", options->train, "A training step instead of inference");
  command->add_flag("--no-times", options->no_times, "Measure nothing: equal calls, equal pages");
  command->add_flag("--no-numbers", options->no_numbers, "Compute no values");
  command
      ->add_option("-o,--output", options->output,
                   "The page, or its data alone for a name that ends in .json")
      ->required()
      ->check(file_fault)
      ->type_name("F.html|F.json");
  command->callback([&session, options] {
    session.command = [options](Session& s) { return write_report(s, *options); };
  });
}

}  // namespace linnet::cli
