// linnet tune MODEL: times other schedules of its kernels and writes those that are faster.
#include "cli/build.h"
#include "cli/help.h"
#include "cli/text_table.h"
#include "cli/tuner.h"
#include "driver/tuning_file.h"
#include "support/json_text.h"

#include "base/io/file.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>

namespace linnet::cli {
namespace {

using Json = nlohmann::ordered_json;

struct TuneFlags {
  ModelOptions model;
  PipelineFlags pipeline;
  driver::CompileOptions build;
  std::vector<std::string> inputs;
  std::string output;
  int64_t seconds = 60;
  bool json = false;
};

volatile std::sig_atomic_t interrupted = 0;

// While it lives the first Ctrl-C ends the search and what was found is kept; a second one ends the
// command.
class KeepOnInterrupt {
public:
  KeepOnInterrupt() {
    struct sigaction action{};
    action.sa_handler = [](int) { interrupted = 1; };
    action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
    sigaction(SIGINT, &action, &before_);
  }
  ~KeepOnInterrupt() { sigaction(SIGINT, &before_, nullptr); }
  KeepOnInterrupt(const KeepOnInterrupt&) = delete;
  KeepOnInterrupt& operator=(const KeepOnInterrupt&) = delete;

private:
  struct sigaction before_{};
};

bool is_better(const TunedRow& row) {
  return row.best != row.first;
}

std::string ns_text(double ns) {
  return ns < 100 ? fmt::format("{:.1f}", ns) : thousands(static_cast<int64_t>(ns));
}

std::string table(const std::string& model, const Tuner& tuner) {
  TextTable table({"kernel", "default", "tuned", ">tried", ">default ns", ">tuned ns", ">ratio"});
  size_t left_out = 0;
  for (const TunedRow& row : tuner.rows()) {
    if (row.tried == 0) {
      ++left_out;
    } else if (is_better(row)) {
      table.row({row.name, to_string(row.first), to_string(row.best), thousands(row.tried),
                 ns_text(row.race.before_ns), ns_text(row.race.after_ns),
                 fmt::format("{:.2f}", row.race.ratio)});
    } else {
      table.row({row.name, to_string(row.first), "as it is", thousands(row.tried),
                 ns_text(row.race.before_ns), "", ""});
    }
  }
  table.rule();
  const Race& call = tuner.call();
  table.row({model, fmt::format("batch {}", tuner.batch()), "", "", ns_text(call.before_ns),
             ns_text(call.after_ns), fmt::format("{:.2f}", call.ratio)});
  std::string text = table.text(terminal_columns());
  if (left_out != 0)
    text += fmt::format("{} of {} kernels not tried: nothing else is legal, or the time was over "
                        "(--seconds)\n",
                        left_out, tuner.rows().size());
  if (tuner.not_in_call() != 0)
    text += fmt::format("{} {} faster alone but not in the call: not kept\n", tuner.not_in_call(),
                        tuner.not_in_call() == 1 ? "schedule is" : "schedules are");
  return text;
}

Json json(const std::string& model, const std::string& file, const driver::Tunable& tunable,
          const Tuner& tuner) {
  Json kernels = Json::array();
  for (const TunedRow& row : tuner.rows()) {
    kernels.push_back({{"name", row.name},
                       {"kernel", row.key},
                       {"tried", row.tried},
                       {"default", to_string(row.first)},
                       {"tuned", to_string(row.best)},
                       {"default_ns", row.race.before_ns},
                       {"tuned_ns", is_better(row) ? row.race.after_ns : row.race.before_ns},
                       {"ratio", is_better(row) ? row.race.ratio : 1.0}});
  }
  return {{"model", model},
          {"batch", tuner.batch()},
          {"target", tunable.target().info.name},
          {"file", file},
          {"default_ns", tuner.call().before_ns},
          {"tuned_ns", tuner.call().after_ns},
          {"ratio", tuner.call().ratio},
          {"kernels", std::move(kernels)}};
}

Status search(Session& session, const TuneFlags& flags, const driver::Tunable& tunable,
              passes::Tuning start, const std::string& model) {
  const KeepOnInterrupt keep;
  Tuner tuner(session, tunable, std::move(start),
              {flags.inputs, static_cast<double>(flags.seconds), [] { return interrupted != 0; }});
  if (!tuner.run()) return session.diagnostics.status();
  session.progress.stop();
  const std::string path = flags.output.empty() ? model + ".tuning" : flags.output;
  if (const auto done = write_file(path, tuner.tuning().text()); !done) {
    session.error(done.error().message, done.error().status);
    return done.error().status;
  }
  if (flags.json) {
    fmt::print("{}\n", json_text(json(model, path, tunable, tuner)));
  } else {
    std::fputs(table(model, tuner).c_str(), stdout);
  }
  const auto better = std::ranges::count_if(tuner.rows(), is_better);
  const std::chrono::duration<double> spent = Progress::Clock::now() - session.started;
  session.closing =
      fmt::format("{}  {} of {} kernels faster{}  {:.2f} s", path, better, tuner.rows().size(),
                  interrupted ? ", interrupted" : "", spent.count());
  return Status::kDone;
}

Status run(Session& session, const TuneFlags& flags) {
  if (!flags.model.spares(session, flags.output)) return Status::kBadCall;
  if (flags.json) session.progress.silence();
  const auto target = flags.model.find_target(session);
  if (!target) return Status::kBadCall;
  passes::Tuning start;
  if (!flags.pipeline.tuning.empty()) {
    auto read = driver::read_tuning(flags.pipeline.tuning, session.host);
    if (!read) return session.diagnostics.status();
    start = *std::move(read);
  }
  auto model = flags.model.open(session, flags.pipeline);
  if (!model) return session.diagnostics.status();
  driver::CompileOptions options = flags.build;
  options.seed = flags.model.seed;
  options.batch = flags.model.batch;
  options.passes = flags.pipeline;
  const auto tunable = driver::Tunable::open(*model, *target, options, session.host);
  if (!tunable) return session.diagnostics.status();
  if (tunable->kernels().empty()) {
    session.error(flags.model.path + ": no kernel is without a schedule", Status::kBadInput,
                  "tune the model it was made of, or take a module from before choose_schedules");
    return Status::kBadInput;
  }
  return search(session, flags, *tunable, std::move(start), tunable->name());
}

}  // namespace

void add_tune(CLI::App& app, Session& session) {
  auto flags = std::make_shared<TuneFlags>();
  CLI::App* command =
      app.add_subcommand("tune", "Find faster schedules for a model's kernels by timing them");
  command->footer("linnet tune lenet.lin --seconds 30 -o lenet.tuning");
  add_build(*command, session, flags->model, flags->pipeline, flags->build);
  add_quiet(*command, session);
  command->add_option("--seconds", flags->seconds, "How long it may take, about")
      ->type_name("N")
      ->check(CLI::Range(int64_t{1}, int64_t{86400}))
      ->capture_default_str();
  command
      ->add_option("--input", flags->inputs,
                   "Values of an input, or @0 by position (default: small numbers)")
      ->type_name("NAME=F.npy");
  command
      ->add_option("-o,--output", flags->output,
                   "The file to write, for --tuning (default: NAME.tuning)")
      ->check(file_fault)
      ->type_name("F.tuning");
  command->add_flag("--json", flags->json, "One JSON object instead of the table");
  command->callback(
      [&session, flags] { session.command = [flags](Session& s) { return run(s, *flags); }; });
}

}  // namespace linnet::cli
