// What CLI11 knows of the commands and their options, as help, the manual page and completion of
// shells print it.
#pragma once

#include "cli/session.h"

#include <string>
#include <vector>

namespace linnet::cli {

struct OptionInfo {
  std::vector<std::string> names;    // "-o", "--output"; of a positional "MODEL"
  std::string value;                 // "FILE", "exe|lib|shared|obj"; "" of a flag
  std::vector<std::string> choices;  // if only these may be given
  std::string description;
  std::string default_value;  // "" if there is none worth telling
  bool positional = false, required = false, repeated = false;
};

struct OptionGroup {
  std::string title;  // "Options", "Model options", …
  std::vector<OptionInfo> options;
};

// Positionals first, then the command's own options, then those it shares with others.
[[nodiscard]] std::vector<OptionGroup> option_groups(const CLI::App& command);
// In the order in which they were registered, without those that are not for people.
[[nodiscard]] std::vector<const CLI::App*> commands_of(const CLI::App& app);
// "linnet compile MODEL [options]".
[[nodiscard]] std::string usage(const CLI::App& command);

// What follows `--help`, at most `columns` wide.
[[nodiscard]] std::string help_text(const CLI::App& command, size_t columns);
// linnet.1 in the macros of man(7).
[[nodiscard]] std::string manual_page(const CLI::App& app);
// The script for "bash", "zsh" or "fish".
[[nodiscard]] std::string completion_script(const CLI::App& app, std::string_view shell);

// --help of every command is help_text, and an option given once takes one value, so that what
// follows it may be MODEL. Called when all commands are registered.
void finish_options(CLI::App& app);
// The last of that, of one command.
void take_one_value_each(CLI::App& command);

// Options that are added while it lives stand under this title.
class TitledOptions {
public:
  TitledOptions(CLI::App& command, std::string title);
  ~TitledOptions();
  TitledOptions(const TitledOptions&) = delete;
  TitledOptions& operator=(const TitledOptions&) = delete;

private:
  CLI::App& command_;
  std::string title_;
  size_t before_;
};

}  // namespace linnet::cli
