// linnet dump MODEL: the IR as it enters the pipeline, after a pass, or what every pass makes of
// it.
#include "base/io/file.h"
#include "cli/help.h"
#include "cli/line_diff.h"
#include "cli/pipeline_options.h"
#include "frontend/load.h"
#include "ir/dot.h"
#include "ir/print.h"
#include "support/text.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

namespace linnet::cli {
namespace {

struct DumpOptions {
  ModelOptions model;
  PipelineFlags flags;
  std::string after;
  std::string output = "-";
  std::string format = "text";
  bool all = false;
  bool unchanged = false;
  bool diff = false;
  bool train = false;
};

// False, with the reason reported, if it cannot be written. `path` "-": standard output.
bool write_module(Session& session, const DumpOptions& options, const ir::Module& module,
                  const std::string& path) {
  if (options.format != "dot") return frontend::save_lir(path, module, session.diagnostics);
  if (path == "-") {
    std::fputs(ir::dot(module).c_str(), stdout);
    return true;
  }
  const auto done = write_file(path, ir::dot(module));
  if (!done) session.error(done.error().message, done.error().status);
  return done.has_value();
}

// The module before the passes and after each, or what each changed; on standard output, or a file
// each in a folder, numbered by the place in the pipeline.
class PassDumps {
public:
  PassDumps(Session& session, const DumpOptions& options)
      : session_(session), options_(options), to_folder_(options.output != "-") {}

  bool begin(const ir::Module& module) {
    if (to_folder_ && mkdir(options_.output.c_str(), 0777) != 0 &&
        (errno != EEXIST || !is_folder(options_.output))) {
      session_.error(fmt::format("-o {}: the folder cannot be made: {}", options_.output,
                                 std::strerror(errno)),
                     Status::kMachine);
      return false;
    }
    last_ = ir::print(module);
    if (!options_.diff) show("input", "before the passes", module);
    return good_;
  }

  void after(const passes::Pass& pass, const ir::Module& module) {
    number_ = static_cast<size_t>(passes::find_pass(pass.name) - passes::pipeline().data());
    ir::Printed now = ir::print(module);
    const bool same = now.text == last_.text && same_tensors(now);
    if (same && !options_.unchanged) {
      unchanged_.emplace_back(pass.name);
    } else if (options_.diff) {
      show_diff(pass, now);
    } else {
      show(std::string(pass.name), fmt::format("{}: {}", pass.name, pass.summary), module);
    }
    last_ = std::move(now);
  }

  void end() const {
    if (unchanged_.empty()) return;
    const std::string line =
        fmt::format("{} {} changed nothing (--unchanged shows them): {}\n", unchanged_.size(),
                    unchanged_.size() == 1 ? "pass" : "passes", join(unchanged_, ", "));
    fmt::print("{}{}", to_folder_ ? "" : "\n// ---- ", line);
  }
  [[nodiscard]] bool good() const { return good_; }

private:
  [[nodiscard]] bool same_tensors(const ir::Printed& now) const {
    return std::ranges::equal(now.tensors, last_.tensors, [](const auto& a, const auto& b) {
      return a.first == b.first && std::ranges::equal(a.second.bytes(), b.second.bytes());
    });
  }

  [[nodiscard]] std::string path(std::string_view name, std::string_view ending) const {
    return fmt::format("{}/{:02}_{}.{}", options_.output, number_, name, ending);
  }

  void title(const std::string& text) {
    fmt::print("{}// ---- {}\n", first_ ? "" : "\n", text);
    first_ = false;
  }

  void show(const std::string& name, const std::string& text, const ir::Module& module) {
    if (!to_folder_) title(text);
    const char* ending = options_.format == "dot" ? "dot" : "lir";
    good_ =
        write_module(session_, options_, module, to_folder_ ? path(name, ending) : "-") && good_;
  }

  void show_diff(const passes::Pass& pass, const ir::Printed& now) {
    std::string text = line_diff(last_.text, now.text, !to_folder_ && colour_wanted(STDOUT_FILENO));
    if (text.empty() && !same_tensors(now)) text = "values of constants\n";
    if (!to_folder_) {
      title(fmt::format("{}: {}", pass.name, pass.summary));
      std::fputs(text.c_str(), stdout);
      return;
    }
    const auto done = write_file(path(pass.name, "diff"), text);
    if (!done) session_.error(done.error().message, done.error().status);
    good_ = done.has_value() && good_;
  }

  Session& session_;
  const DumpOptions& options_;
  const bool to_folder_;
  bool good_ = true;
  bool first_ = true;
  size_t number_ = 0;  // place in the pipeline, behind the phase `imported`; 0: before it
  ir::Printed last_;
  std::vector<std::string> unchanged_;
};

// How far the pipeline runs: the pass or phase that is asked for, or the last pass that is to be
// explained.
std::string last_pass(const DumpOptions& options) {
  if (!options.after.empty()) return options.after;
  if (!options.flags.stop_after.empty()) return options.flags.stop_after;
  std::string last;
  for (const passes::Pass& pass : passes::pipeline()) {
    if (options.flags.explains(pass.name)) last = pass.name;
  }
  return last;
}

// What was asked of passes that do not run.
void warn_unreached(Session& session, const DumpOptions& options, const std::string& last) {
  const auto place = [](const passes::Pass& pass) { return &pass - passes::pipeline().data(); };
  const auto phase = passes::find_phase(last);
  const passes::Pass* end =
      phase ? &passes::pipeline(*phase, *phase).back() : passes::find_pass(last);
  const bool whole = last.empty() && (options.all || options.diff || options.unchanged);
  const auto warn = [&](const std::string& option, std::string_view pass) {
    if (whole || (end && place(*passes::find_pass(pass)) <= place(*end))) return;
    const std::string where = end ? fmt::format("the pipeline ends with {} before it", last)
                                  : fmt::format("{} does not run", pass);
    session.diagnostics.report({.severity = Severity::kWarning,
                                .place = {},
                                .message = fmt::format("{}: {}", option, where),
                                .remedy = end ? "" : fmt::format("--after {}", pass)});
  };
  for (const std::string& name : options.flags.explained) {
    if (name != "all" && end) warn("--explain " + name, name);
  }
  if (!options.flags.tuning.empty()) warn("--tuning " + options.flags.tuning, "choose_schedules");
  if (options.flags.weights) warn("--weights-dtype", "narrow_weights");
}

Status run(Session& session, const DumpOptions& options) {
  const auto target = options.model.find_target(session);
  auto module = options.model.load(session, options.flags, options.train);
  if (!target || !module) return Status::kBadInput;
  PipelineFlags flags = options.flags;
  const std::string last = last_pass(options);
  passes::PassContext wanted;
  wanted.target = target->info;
  wanted.seed = options.model.seed;
  wanted.threads = flags.threads_wanted();
  if (const passes::Pass* end = passes::find_pass(last)) passes::ask_for({end, 1}, wanted);
  const auto rows = passes::pipeline(passes::Phase::kTraining, passes::Phase::kPlanned);
  warn_unreached(session, options, last);
  if (options.all || options.diff || options.unchanged) {
    if (!options.after.empty()) flags.stop_after = options.after;
    PassDumps dumps(session, options);
    if (!dumps.begin(*module)) return Status::kMachine;
    const bool ok = driver::lower(std::move(*module), rows, flags, wanted, session.host,
                                  {.after = [&](const passes::Pass& pass,
                                                const ir::Module& now) { dumps.after(pass, now); }})
                        .has_value();
    dumps.end();
    if (!dumps.good()) return Status::kMachine;
    return ok ? Status::kDone : Status::kBug;
  }
  flags.stop_after = last;
  if (!flags.stop_after.empty()) {
    module = driver::lower(std::move(*module), rows, flags, wanted, session.host);
    if (!module) return Status::kBug;
  }
  return write_module(session, options, *module, options.output) ? Status::kDone : Status::kMachine;
}

}  // namespace

void add_dump(CLI::App& app, Session& session) {
  auto options = std::make_shared<DumpOptions>();
  CLI::App* command = app.add_subcommand("dump", "Print a model's IR");
  command->footer("linnet dump lenet.lin --diff --explain fuse_pool");
  options->model.add_model(*command);
  options->model.add_dtype(*command);
  options->model.add_weights(*command);
  options->model.add_target(*command);
  options->flags.add(*command, session);
  options->flags.add_threads(*command);
  command->add_option("--after", options->after, "The module after this phase or pass")
      ->check(is_end())
      ->type_name("PHASE|PASS");
  command->add_flag("--train", options->train,
                    "Also the graphs of a training step and of evaluation");
  command->add_flag("--all", options->all,
                    "The module before the passes and after each that changes it");
  command->add_flag("--diff", options->diff, "What each pass changes");
  command->add_flag("--unchanged", options->unchanged,
                    "With --all and --diff: also passes that change nothing");
  command->add_option("--format", options->format, "Text IR, or a graph for Graphviz")
      ->check(CLI::IsMember({"text", "dot"}));
  command
      ->add_option("-o,--output", options->output,
                   "Write F.lir, and large constants to F.lir.safetensors; with --all or --diff "
                   "a folder with one file for each pass")
      ->type_name("F.lir|DIR");
  command->callback([&session, options] {
    session.command = [options](Session& s) { return run(s, *options); };
  });
}

}  // namespace linnet::cli
