// Parses the command line, runs the command, prints diagnostics, and gives the exit status.
#include "cli/session.h"

#include "base/memory.h"
#include "cli/help.h"

#include "support/check.h"
#include "support/text.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <poll.h>
#include <unistd.h>

namespace linnet::cli {

// Everything that goes wrong below a command ends here, with the status of its kind.
Status caught(Session& session, const std::function<Status()>& work) {
  try {
    return work();
  } catch (const InternalError& error) {
    session.error(fmt::format("internal error: {}", error.what()), Status::kBug,
                  "this is a bug of linnet; please report it with the command and the model");
  } catch (const std::bad_alloc& error) {
    const std::string file = session.model.empty() ? "" : session.model + ": ";
    session.error(file + exception_text(error), Status::kMachine);
  } catch (const std::exception& error) {
    session.error(fmt::format("internal error: {}", error.what()), Status::kBug,
                  "this is a bug of linnet; please report it with the command and the model");
  }
  return Status::kDone;
}

namespace {

// Is standard output a pipe that nobody reads any more?
bool reader_is_gone() {
  pollfd out{STDOUT_FILENO, POLLOUT, 0};
  return poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

// The command that a call names, or the app if it is one command's options; nullptr if it names
// none.
const CLI::App* chosen(const CLI::App& app) {
  if (commands_of(app).empty()) return &app;
  const auto commands = app.get_subcommands();
  return commands.empty() ? nullptr : commands.front();
}

std::vector<std::string> names_of_options(const CLI::App& app, const CLI::App* command) {
  std::vector<std::string> names;
  for (const CLI::App* each : {command, &app}) {
    if (!each) continue;
    for (const OptionGroup& group : option_groups(*each)) {
      for (const OptionInfo& option : group.options) {
        if (!option.positional) names.insert(names.end(), option.names.begin(), option.names.end());
      }
    }
  }
  return names;
}

// Words that neither the command nor linnet takes; false if there were none.
bool report_words(Session& session, const CLI::App& app) {
  const CLI::App* command = chosen(app);
  const std::string who = command ? "linnet " + command->get_name() : "linnet";
  bool any = false;
  for (const std::string& word : app.remaining(true)) {
    if (word.size() > 1 && word.front() == '-') {
      const std::string name = word.substr(0, word.find('='));
      session.error(fmt::format("{} has no option {}", who, name), Status::kBadCall,
                    did_you_mean(name, names_of_options(app, command)));
      any = true;
    } else if (!command) {
      std::vector<std::string> names;
      for (const CLI::App* each : commands_of(app))
        names.push_back(each->get_name());
      session.error(fmt::format("no command '{}'; there are {}", word, join(names, ", ")),
                    Status::kBadCall, did_you_mean(word, names));
      return true;
    } else if (!any) {  // behind an unknown option it may be its value
      session.error(fmt::format("{} takes no further '{}'", who, word), Status::kBadCall,
                    "usage: " + usage(*command));
      any = true;
    }
  }
  return any;
}

}  // namespace

void report_call(Session& session, const CLI::App& app, const CLI::ParseError& error) {
  const bool words = report_words(session, app);
  const auto code = static_cast<CLI::ExitCodes>(error.get_exit_code());
  const bool follows = code == CLI::ExitCodes::RequiredError || code == CLI::ExitCodes::ExtrasError;
  if (words && follows) return;
  std::string text = error.what();
  // CLI11: "--batch: 1 required N:INT in [1 - 2147483647] missing".
  if (code == CLI::ExitCodes::ArgumentMismatch && text.ends_with(" missing"))
    text = text.substr(0, text.find(':')) + ": a value is missing";
  const size_t line = text.find('\n');
  const CLI::App* command = chosen(app);
  std::string remedy = line == std::string::npos ? "" : text.substr(line + 1);
  if (code == CLI::ExitCodes::RequiredError && command) remedy = "usage: " + usage(*command);
  session.error(text.substr(0, line), Status::kBadCall, remedy);
}

bool colour_wanted(int stream) {
  const char* no_colour = std::getenv("NO_COLOR");
  return (no_colour == nullptr || *no_colour == '\0') && isatty(stream) == 1;
}

std::string with_remedy(std::string message, const std::string& remedy) {
  return remedy.empty() ? message : message + "\n" + remedy;
}

void Session::error(std::string message, Status status, std::string remedy) {
  host.error(std::move(message), status, std::move(remedy));
}

void Session::show(std::string_view what, size_t done, size_t total) {
  if (!progress.working()) return;
  done == 0 ? progress.phase(std::string(what), total) : progress.done(done);
}

void Session::time(std::string_view what, std::chrono::nanoseconds time) {
  progress.hide();
  if (time_passes)
    fmt::print(stderr, "{:>10.1f} µs  {}\n", static_cast<double>(time.count()) * 1e-3, what);
}

Working::Working(Session& session, std::string what, size_t total)
    : progress_(session.progress), outermost_(!session.progress.working()) {
  progress_.phase(std::move(what), total);
}

Working::~Working() {
  if (outermost_) progress_.stop();
}

void add_quiet(CLI::App& command, Session& session) {
  command.add_flag_callback(
      "--quiet",
      [&session] {
        session.quiet = true;
        session.progress.silence();
      },
      "No progress line");
}

Status Session::finish(Status status) {
  progress.stop();
  if (silent) return std::max(status, diagnostics.status());
  const std::string text =
      json_diagnostics ? diagnostics.json() : diagnostics.text(colour_wanted(STDERR_FILENO));
  std::fputs(text.c_str(), stderr);
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    if (reader_is_gone()) return status;  // `| head` has seen enough
    std::fputs("error: standard output cannot be written\n", stderr);
    return Status::kMachine;
  }
  if (diagnostics.status() != Status::kDone) return diagnostics.status();
  if (status == Status::kDone && !closing.empty() && !quiet && isatty(STDERR_FILENO) == 1)
    fmt::print(stderr, "{}\n", closing);
  return status;
}

Status run_line(Session& session, CLI::App& app, int argc, const char* const* argv) {
  std::vector<std::string> words(argv, argv + argc);
  words.front() = "linnet";
  session.line = shell_line(words);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help, --version
    app.exit(success);
    return Status::kDone;
  } catch (const CLI::ParseError& error) {
    report_call(session, app, error);
    return Status::kBadCall;
  }
  return caught(session, [&] { return session.command(session); });
}

int run_main(int argc, const char* const* argv) {
  std::signal(SIGPIPE, SIG_IGN);  // finish() asks for it
  Session session;
  CLI::App app("linnet compiles a neural network into native code that stands alone.");
  app.set_version_flag("--version", "linnet " LINNET_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.footer("linnet compile model.lin --weights model.safetensors -o model");
  app.option_defaults()->always_capture_default();
  app.add_option_function<std::string>(
         "--diagnostics",
         [&](const std::string& form) { session.json_diagnostics = form == "json"; },
         "How messages are printed")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("text|json");
  for (auto add :
       {add_compile,    add_run,    add_train,  add_evaluate, add_export,  add_check,
        add_fmt,        add_dump,   add_opt,    add_passes,   add_targets, add_kernel,
        add_explain,    add_bench,  add_report, add_diff,     add_tune,    add_verify,
        add_debug,      add_bisect, add_init,   add_weights,  add_new,     add_cache_command,
        add_completion, add_help})
    add(app, session);
  finish_options(app);
  if (argc < 2) {
    std::fputs(app.help().c_str(), stdout);
    return exit_code(session.finish(Status::kDone));
  }
  return exit_code(session.finish(run_line(session, app, argc, argv)));
}

}  // namespace linnet::cli
