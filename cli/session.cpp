#include "cli/session.h"

#include "support/check.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <unistd.h>

namespace linnet::cli {
namespace {

bool colour_wanted() {
  const char* no_colour = std::getenv("NO_COLOR");
  return (no_colour == nullptr || *no_colour == '\0') && isatty(STDERR_FILENO) == 1;
}

// Everything that goes wrong below a command ends here, with the status of its kind.
Status run_command(Session& session) {
  try {
    return session.command(session);
  } catch (const InternalError& error) {
    session.error(fmt::format("internal error: {}", error.what()), Status::kBug,
                  "this is a bug of linnet; please report it with the command and the model");
  } catch (const std::bad_alloc&) {
    session.error("out of memory", Status::kMachine);
  } catch (const std::exception& error) {
    session.error(fmt::format("internal error: {}", error.what()), Status::kBug,
                  "this is a bug of linnet; please report it with the command and the model");
  }
  return Status::kDone;
}

}  // namespace

void Session::error(std::string message, Status status, std::string remedy) {
  Diagnostic diagnostic;
  diagnostic.message = std::move(message);
  diagnostic.remedy = std::move(remedy);
  diagnostic.status = status;
  diagnostics.report(std::move(diagnostic));
}

Status Session::finish(Status status) {
  const std::string text =
      json_diagnostics ? diagnostics.json() : diagnostics.text(colour_wanted());
  std::fputs(text.c_str(), stderr);
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::fputs("error: standard output cannot be written\n", stderr);
    return Status::kMachine;
  }
  return diagnostics.status() == Status::kDone ? status : diagnostics.status();
}

int run_main(int argc, const char* const* argv) {
  std::signal(SIGPIPE, SIG_IGN);  // `linnet dump … | head`: a status, not a signal
  Session session;
  CLI::App app("linnet compiles a neural network into native code that stands alone.");
  app.set_version_flag("--version", "linnet " LINNET_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option_function<std::string>(
         "--diagnostics",
         [&](const std::string& form) { session.json_diagnostics = form == "json"; },
         "How messages are printed")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("text|json");
  for (auto add : {add_compile, add_run, add_train, add_export, add_check, add_dump, add_opt,
                   add_kernel, add_bench, add_init, add_weights, add_new})
    add(app, session);
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands(nullptr))
    names.push_back(command->get_name());
  if (argc > 1 && argv[1][0] != '-' && std::ranges::find(names, argv[1]) == names.end()) {
    session.error(fmt::format("no command '{}'; there are {}", argv[1], join(names, ", ")),
                  Status::kBadCall, did_you_mean(argv[1], names));
    return static_cast<int>(session.finish(Status::kBadCall));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help, --version
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return static_cast<int>(Status::kBadCall);
  }
  return static_cast<int>(session.finish(run_command(session)));
}

}  // namespace linnet::cli
