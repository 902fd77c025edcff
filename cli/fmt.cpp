// linnet fmt FILE…: model files in the language's one style.
#include "cli/line_diff.h"
#include "cli/session.h"
#include "frontend/lin/format.h"
#include "frontend/model_bytes.h"

#include "base/io/file.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

namespace linnet::cli {
namespace {

struct FmtOptions {
  std::vector<std::string> files;
  bool check = false, diff = false;
};

// A file as it was, and in the style.
struct Formatted {
  std::string before, after;
};

std::optional<Formatted> formatted(Session& session, const std::string& path) {
  const bool piped = path == frontend::kStandardInput;
  if (!piped && !path.ends_with(".lin")) {
    session.error(path + ": not a .lin file", Status::kBadInput,
                  "fmt knows the model language; `linnet opt F.lir -o F.lir` prints text IR anew");
    return std::nullopt;
  }
  const auto bytes = frontend::read_model_file(path, static_cast<int64_t>(kMaxSourceBytes) - 1);
  if (!bytes) {
    session.error(bytes.error().message, bytes.error().status);
    return std::nullopt;
  }
  std::string before(bytes->begin(), bytes->end());
  const uint32_t file = session.sources.add(piped ? "standard input" : path, before);
  auto after = frontend::format(file, session.diagnostics);
  if (!after) return std::nullopt;
  return Formatted{std::move(before), *std::move(after)};
}

// In its place, with the permissions it had.
bool replace(Session& session, const std::string& path, const std::string& text) {
  std::error_code failed;
  const auto permissions = std::filesystem::status(path, failed).permissions();
  const auto done = write_file(path, text);
  if (!done) {
    session.error(done.error().message, Status::kMachine);
    return false;
  }
  std::filesystem::permissions(path, permissions, failed);
  return true;
}

Status run(Session& session, const FmtOptions& options) {
  Status status = Status::kDone;
  for (const std::string& path : options.files) {
    const auto text = formatted(session, path);
    if (!text) {
      status = Status::kBadInput;
      continue;
    }
    const bool piped = path == frontend::kStandardInput;
    const bool changed = text->before != text->after;
    if (options.check && changed) status = Status::kBadInput;
    if (options.diff && changed) {
      fmt::print("--- {0}\n+++ {0}\n{1}", path, line_diff(text->before, text->after));
    } else if (options.check && changed) {
      fmt::print("{}\n", path);
    } else if (!options.check && !options.diff) {
      if (piped) std::fwrite(text->after.data(), 1, text->after.size(), stdout);
      if (!piped && changed && !replace(session, path, text->after)) return Status::kMachine;
    }
  }
  return status;
}

}  // namespace

void add_fmt(CLI::App& app, Session& session) {
  auto options = std::make_shared<FmtOptions>();
  CLI::App* command = app.add_subcommand("fmt", "Model files in one style, in place");
  command->footer("linnet fmt lenet.lin\nlinnet fmt --check --diff models/*.lin");
  command->add_option("FILE", options->files, "A .lin file; -: standard input, to standard output")
      ->required();
  command->add_flag("--check", options->check,
                    "Change nothing; list the files that would change, and end with status 1");
  command->add_flag("--diff", options->diff, "Change nothing; print what would change");
  command->callback([&session, options] {
    session.command = [options](Session& s) { return run(s, *options); };
  });
}

}  // namespace linnet::cli
