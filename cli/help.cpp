// linnet help COMMAND, linnet completion SHELL, and the text behind every --help.
#include "cli/help.h"

#include "support/text.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <sys/ioctl.h>
#include <unistd.h>

namespace linnet::cli {
namespace {

constexpr size_t kLeft = 30;  // columns of the names of options
constexpr size_t kMostColumns = 100;

size_t terminal_columns() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 50) return 80;
  return std::min<size_t>(size.ws_col, kMostColumns);
}

// "N:INT in [1 - 256]" → "N"; "TEXT:{a,b}" → "a|b", which are the only values there are.
void describe_value(const CLI::Option& option, OptionInfo& info) {
  const std::string type = option.get_type_name();
  const size_t open = type.find('{');
  const size_t close = type.rfind('}');
  const size_t bracket = type.find("[:");  // "TARGET[:CPU]"
  info.value = type.substr(0, type.find(':', bracket == type.npos ? 0 : type.find(']', bracket)));
  if (open != std::string::npos && close != std::string::npos) {
    std::string list = type.substr(open + 1, close - open - 1);
    for (size_t at = 0; at <= list.size();) {
      const size_t end = std::min(list.find(',', at), list.size());
      info.choices.push_back(list.substr(at, end - at));
      at = end + 1;
    }
    info.value = join(info.choices, "|");
  } else if (info.value.find('|') != std::string::npos && info.value.find('=') == info.value.npos) {
    for (size_t at = 0; at <= info.value.size();) {
      const size_t end = std::min(info.value.find('|', at), info.value.size());
      const std::string choice = info.value.substr(at, end - at);
      const bool literal =
          std::ranges::none_of(choice, [](char c) { return c >= 'A' && c <= 'Z'; });
      if (literal) info.choices.push_back(choice);
      at = end + 1;
    }
  }
}

// A default that the option itself would refuse, such as 0 epochs, means "not given".
std::string default_of(CLI::Option& option) {
  const std::string text = option.get_default_str();
  if (text.empty() || text == "[]" || text == "{}" || text == "-1" || text == "\"\"") return "";
  std::string copy = text;
  for (int i = 0;; ++i) {
    const CLI::Validator* validator = nullptr;
    try {
      validator = option.get_validator(i);
    } catch (const CLI::OptionNotFound&) {
      return text;
    }
    if (!(*validator)(copy).empty()) return "";
  }
}

OptionInfo describe(CLI::Option& option) {
  OptionInfo info;
  info.positional = option.get_positional();
  info.required = option.get_required();
  info.description = option.get_description();
  if (info.positional) {
    info.names = {option.get_name(true, false)};
  } else {
    for (const std::string& name : option.get_snames())
      info.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames())
      info.names.push_back("--" + name);
  }
  if (option.get_items_expected_max() == 0) return info;  // a flag
  info.repeated = option.get_items_expected_max() > 1;
  if (!info.positional) describe_value(option, info);
  info.default_value = default_of(option);
  return info;
}

// Words in lines of at most `columns`, each behind `indent` spaces but the first.
std::string wrapped(const std::string& text, size_t indent, size_t columns) {
  std::string result;
  size_t width = indent;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    at = end + 1;
    const size_t needed = display_width(word);
    if (width > indent && width + 1 + needed > columns) {
      result += "\n" + std::string(indent, ' ');
      width = indent;
    } else if (width > indent) {
      result += ' ';
      ++width;
    }
    result += word;
    width += needed;
  }
  return result + "\n";
}

std::string row(const std::string& left, const std::string& right, size_t columns) {
  std::string line = "  " + left;
  const size_t width = display_width(line);
  line += width + 2 > kLeft ? "\n" + std::string(kLeft, ' ') : std::string(kLeft - width, ' ');
  return line + wrapped(right, kLeft, columns);
}

std::string option_row(const OptionInfo& option, size_t columns) {
  std::string left =
      (option.names.front().starts_with("--") ? "    " : "") + join(option.names, ", ");
  if (!option.value.empty()) left += " " + option.value;
  std::string right = option.description;
  if (option.repeated) right += "; may be repeated";
  if (!option.default_value.empty()) right += fmt::format(" (default: {})", option.default_value);
  if (option.required && !option.positional) right += " (required)";
  return row(left, right, columns);
}

class HelpFormatter : public CLI::FormatterBase {
public:
  std::string make_help(const CLI::App* app, std::string, CLI::AppFormatMode) const override {
    return help_text(*app, terminal_columns());
  }
};

}  // namespace

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* command) { return !command->get_group().empty(); });
}

std::vector<OptionGroup> option_groups(const CLI::App& command) {
  OptionGroup positionals{"Arguments", {}};
  OptionGroup own{"Options", {}};
  std::vector<OptionGroup> shared;
  for (const CLI::Option* option : command.get_options(nullptr)) {
    if (option->get_group().empty()) continue;
    // CLI11 has no const way to an option's validators.
    OptionInfo info = describe(const_cast<CLI::Option&>(*option));
    const std::string& title = option->get_group();
    if (info.positional) {
      positionals.options.push_back(std::move(info));
    } else if (title == own.title) {
      own.options.push_back(std::move(info));
    } else {
      auto known = std::ranges::find(shared, title, &OptionGroup::title);
      if (known == shared.end()) known = shared.insert(shared.end(), {title, {}});
      known->options.push_back(std::move(info));
    }
  }
  // --help is the first that CLI11 makes and the last that is read.
  if (!own.options.empty() && own.options.front().names.back() == "--help")
    std::ranges::rotate(own.options, own.options.begin() + 1);
  std::vector<OptionGroup> groups;
  for (OptionGroup* group : {&positionals, &own}) {
    if (!group->options.empty()) groups.push_back(std::move(*group));
  }
  std::ranges::move(shared, std::back_inserter(groups));
  return groups;
}

std::string usage(const CLI::App& command) {
  if (!commands_of(command).empty()) return "linnet COMMAND [options]";
  std::string line = "linnet " + command.get_name();
  for (const OptionGroup& group : option_groups(command)) {
    for (const OptionInfo& option : group.options) {
      if (!option.positional) continue;
      const std::string name = option.names.front() + (option.repeated ? "…" : "");
      line += " " + (option.required ? name : "[" + name + "]");
    }
  }
  return line + " [options]";
}

std::string help_text(const CLI::App& command, size_t columns) {
  const auto commands = commands_of(command);
  std::string text = wrapped(command.get_description(), 0, columns);
  text += fmt::format("\nUsage: {}\n", usage(command));
  if (!commands.empty()) {
    text += "\nCommands:\n";
    for (const CLI::App* each : commands)
      text += row(each->get_name(), each->get_description(), columns);
  }
  for (const OptionGroup& group : option_groups(command)) {
    text += fmt::format("\n{}:\n", group.title);
    for (const OptionInfo& option : group.options)
      text += option_row(option, columns);
  }
  if (!command.get_footer().empty())
    text += fmt::format("\nExample:\n  {}\n", command.get_footer());
  if (!commands.empty()) text += "\n`linnet help COMMAND` tells the options of a command.\n";
  return text;
}

void finish_options(CLI::App& app) {
  const auto formatter = std::make_shared<HelpFormatter>();
  app.formatter(formatter);
  for (CLI::App* command : app.get_subcommands(nullptr)) {
    command->formatter(formatter);
    take_one_value_each(*command);
  }
}

void take_one_value_each(CLI::App& command) {
  for (CLI::Option* option : command.get_options()) {
    if (!option->get_positional() && option->get_items_expected_max() > 1)
      option->allow_extra_args(false);
  }
}

TitledOptions::TitledOptions(CLI::App& command, std::string title)
    : command_(command), title_(std::move(title)), before_(command.get_options().size()) {}

TitledOptions::~TitledOptions() {
  const auto options = command_.get_options();
  for (size_t i = before_; i < options.size(); ++i)
    options[i]->group(title_);
}

void add_help(CLI::App& app, Session& session) {
  auto wanted = std::make_shared<std::string>();
  auto manual = std::make_shared<bool>(false);
  CLI::App* command =
      app.add_subcommand("help", "Tell what a command does, its options and defaults");
  command->footer("linnet help compile");
  command->add_option("COMMAND", *wanted, "A command; without it the list of commands");
  command->add_flag("--man", *manual, "The manual page of all commands, for man(1)");
  command->callback([&session, &app, wanted, manual] {
    session.command = [&app, wanted, manual](Session& s) {
      if (*manual) {
        std::fputs(manual_page(app).c_str(), stdout);
        return Status::kDone;
      }
      const CLI::App* about = wanted->empty() ? &app : nullptr;
      std::vector<std::string> names;
      for (const CLI::App* each : commands_of(app)) {
        names.push_back(each->get_name());
        if (each->get_name() == *wanted) about = each;
      }
      if (!about) {
        s.error(fmt::format("no command '{}'; there are {}", *wanted, join(names, ", ")),
                Status::kBadCall, did_you_mean(*wanted, names));
        return Status::kBadCall;
      }
      std::fputs(help_text(*about, terminal_columns()).c_str(), stdout);
      return Status::kDone;
    };
  });
}

void add_completion(CLI::App& app, Session& session) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "Print a completion script for a shell");
  command->footer("source <(linnet completion bash)");
  command->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([&session, &app, shell] {
    session.command = [&app, shell](Session&) {
      std::fputs(completion_script(app, *shell).c_str(), stdout);
      return Status::kDone;
    };
  });
}

}  // namespace linnet::cli
