// What every command shares: sources, diagnostics, how they are printed, the exit status.
#pragma once

#include "cli/progress.h"
#include "driver/host.h"
#include "support/diag.h"

#include <chrono>
#include <functional>
#include <string>
#include <unistd.h>

// Of CLI11, whose header takes longer to compile than most of the files that include this one.
namespace CLI {
class App;
class Option;
class ParseError;
class Validator;
}  // namespace CLI

namespace linnet::cli {

class Session {
public:
  SourceManager sources;
  Diagnostics diagnostics{sources};
  std::string model;  // the file at work, for what names no place
  std::string line;   // the words of the call, as a shell takes them
  bool json_diagnostics = false;
  Progress progress{STDERR_FILENO};
  bool quiet = false;   // --quiet: neither progress nor a closing line
  bool silent = false;  // what there is to tell has been told
  bool time_passes = false;
  // A line of --time-passes.
  void time(std::string_view what, std::chrono::nanoseconds time);
  // What the driver hears of this session: progress is shown while something is Working.
  const driver::Host host{
      sources, diagnostics,
      [this](std::string_view what, size_t done, size_t total) { show(what, done, total); },
      [this](std::string_view what, std::chrono::nanoseconds spent) { time(what, spent); }};
  std::string closing;  // the last line on a terminal, if all went well
  const Progress::Clock::time_point started = Progress::Clock::now();
  // The chosen command; set by CLI11's callback of the subcommand, run after parsing.
  std::function<Status(Session&)> command;

  // An error without a place in a source.
  void error(std::string message, Status status = Status::kBadInput, std::string remedy = "");
  // Prints what was collected to standard error; the gravest status of it and `status`.
  [[nodiscard]] Status finish(Status status);

private:
  void show(std::string_view what, size_t done, size_t total);
};

// The status of `work`; of what it throws an error is reported.
[[nodiscard]] Status caught(Session& session, const std::function<Status()>& work);

// Says what goes on while it lives; the line goes with the outermost one.
class Working {
public:
  Working(Session& session, std::string what, size_t total = 0);
  ~Working();
  Working(const Working&) = delete;
  Working& operator=(const Working&) = delete;

private:
  Progress& progress_;
  bool outermost_;
};

// --quiet.
void add_quiet(CLI::App& command, Session& session);

// Colours on a stream: it is a terminal, and NO_COLOR is not set.
[[nodiscard]] bool colour_wanted(int stream);

// What a check of CLI11 answers: a message, and in a line of its own what to do.
[[nodiscard]] std::string with_remedy(std::string message, const std::string& remedy);

// Each command registers itself; one file each, in the order of --help.
void add_compile(CLI::App& app, Session& session);
void add_run(CLI::App& app, Session& session);
void add_train(CLI::App& app, Session& session);
void add_evaluate(CLI::App& app, Session& session);
void add_export(CLI::App& app, Session& session);
void add_check(CLI::App& app, Session& session);
void add_dump(CLI::App& app, Session& session);
void add_opt(CLI::App& app, Session& session);
void add_passes(CLI::App& app, Session& session);
void add_targets(CLI::App& app, Session& session);
void add_kernel(CLI::App& app, Session& session);
void add_explain(CLI::App& app, Session& session);
void add_bench(CLI::App& app, Session& session);
void add_tune(CLI::App& app, Session& session);
void add_report(CLI::App& app, Session& session);
void add_diff(CLI::App& app, Session& session);
void add_verify(CLI::App& app, Session& session);
void add_debug(CLI::App& app, Session& session);
void add_bisect(CLI::App& app, Session& session);
void add_fmt(CLI::App& app, Session& session);
void add_init(CLI::App& app, Session& session);
void add_weights(CLI::App& app, Session& session);
void add_new(CLI::App& app, Session& session);
void add_cache_command(CLI::App& app, Session& session);
void add_completion(CLI::App& app, Session& session);
void add_help(CLI::App& app, Session& session);

// A call that cannot be parsed: each fault with what to do. `app`: the whole, or the options of one
// command.
void report_call(Session& session, const CLI::App& app, const CLI::ParseError& error);
// Parses the words behind argv[0] and runs the command they choose; what went wrong is in the
// session too.
[[nodiscard]] Status run_line(Session& session, CLI::App& app, int argc, const char* const* argv);
// `linnet …`: parses, runs, prints; the exit status.
[[nodiscard]] int run_main(int argc, const char* const* argv);

}  // namespace linnet::cli
