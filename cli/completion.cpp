// Scripts by which bash, zsh and fish complete commands, options, choices, passes and files.
#include "cli/help.h"
#include "cli/where.h"

#include "passes/run/pass.h"
#include "support/text.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace linnet::cli {
namespace {

std::string pass_names() {
  std::vector<std::string> names;
  for (const passes::Pass& pass : passes::pipeline())
    names.emplace_back(pass.name);
  return join(names, " ");
}

std::string phase_names() {
  std::vector<std::string> names;
  for (const passes::Phase phase : passes::kPhases)
    names.emplace_back(passes::name(phase));
  return join(names, " ");
}

// What may stand behind the option: words, or "" where it is a file or free.
std::string words_of(const OptionInfo& option, const std::string& passes) {
  if (option.value == "PHASE|PASS") return phase_names() + " " + passes;
  if (option.value == "PASS" || option.value.starts_with("PASS,")) return passes;
  if (option.value == "A,B,C") return passes;
  if (option.positional && option.names.front() == "KIND") return "op family";
  if (option.positional && option.names.front() == "NAME")
    return join(explained_names("op"), " ") + " " + join(explained_names("family"), " ");
  return join(option.choices, " ");
}

bool takes_file(const OptionInfo& option) {
  if (option.positional) return option.names.front() != "COMMAND";
  for (const std::string_view part : {"FILE", "F.", "DIR", "PATH", "OUT"}) {
    if (option.value.find(part) != std::string::npos) return true;
  }
  return option.value == "F";
}

std::vector<OptionInfo> all_options(const CLI::App& app, const CLI::App& command) {
  std::vector<OptionInfo> all;
  for (const CLI::App* each : {&command, &app}) {
    for (OptionGroup& group : option_groups(*each)) {
      for (OptionInfo& option : group.options) {
        if (each == &app && option.names.back() == "--help") continue;
        all.push_back(std::move(option));
      }
    }
  }
  return all;
}

std::string command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : commands_of(app))
    names.push_back(command->get_name());
  return join(names, " ");
}

std::string bash_script(const CLI::App& app) {
  const std::string passes = pass_names();
  std::string options, values;
  for (const CLI::App* command : commands_of(app)) {
    std::vector<std::string> names;
    for (const OptionInfo& option : all_options(app, *command)) {
      if (option.positional) continue;
      names.insert(names.end(), option.names.begin(), option.names.end());
      if (option.value.empty()) continue;
      std::vector<std::string> patterns;
      for (const std::string& name : option.names)
        patterns.push_back(command->get_name() + " " + name);
      const std::string words = words_of(option, passes);
      values += fmt::format("    '{}') {};;\n", join(patterns, "'|'"),
                            !words.empty()       ? fmt::format("words='{}'", words)
                            : takes_file(option) ? "files=1"
                                                 : "return");
    }
    options += fmt::format("    {}) words='{}';;\n", command->get_name(), join(names, " "));
  }
  return fmt::format(R"(# bash completion of linnet, made by `linnet completion bash`
_linnet() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}}
  local command= words= files= prefix= i
  COMPREPLY=()
  if [ "$before" = = ]; then before=${{COMP_WORDS[COMP_CWORD-2]}}; fi
  if [ "$current" = = ]; then current=; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${{COMP_WORDS[i]}} in -*) ;; *) command=${{COMP_WORDS[i]}}; break;; esac
  done
  if [ -z "$command" ]; then
    COMPREPLY=($(compgen -W '{0} --help --version --diagnostics' -- "$current"))
    return
  fi
  case "$command $before" in
    'help help') words='{0}';;
    'completion completion') words='bash zsh fish';;
    'explain explain') words='op family';;
    'explain op') words='{3}';;
    'explain family') words='{4}';;
{1}  esac
  if [ -z "$words$files" ]; then
    case $current in
    -*) case $command in
{2}    esac;;
    *) files=1;;
    esac
  fi
  if [ -n "$words" ]; then
    case $current in *,*) prefix=${{current%,*}},; current=${{current##*,}};; esac
    COMPREPLY=($(compgen -P "$prefix" -W "$words" -- "$current"))
    return
  fi
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen -f -- "$current"))
}}
complete -F _linnet linnet
)",
                     command_names(app), values, options, join(explained_names("op"), " "),
                     join(explained_names("family"), " "));
}

// Inside single quotes of an argument to _arguments: [ ] : are its own.
std::string zsh_text(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\'') {
      result += "'\\''";
      continue;
    }
    if (c == '[' || c == ']' || c == ':' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

std::string zsh_script(const CLI::App& app) {
  const std::string passes = pass_names();
  std::string list, cases;
  for (const CLI::App* command : commands_of(app)) {
    list += fmt::format("    '{}:{}'\n", command->get_name(), zsh_text(command->get_description()));
    cases += fmt::format("  {}) _arguments -s -S \\\n", command->get_name());
    for (const OptionInfo& option : all_options(app, *command)) {
      const std::string words = words_of(option, passes);
      const std::string action = !words.empty()       ? fmt::format("({})", words)
                                 : takes_file(option) ? "_files"
                                                      : " ";
      if (option.positional) {
        const std::string what = command->get_name() == "help" ? "($commands)" : action;
        cases += fmt::format("    '{}:{}:{}' \\\n", option.repeated ? "*" : "",
                             zsh_text(option.names.front()), what);
        continue;
      }
      for (const std::string& name : option.names) {
        const std::string value =
            option.value.empty() ? "" : fmt::format(":{}:{}", zsh_text(option.value), action);
        cases += fmt::format("    '{}{}[{}]{}' \\\n", option.repeated ? "*" : "", name,
                             zsh_text(option.description), value);
      }
    }
    cases += "    && return;;\n";
  }
  return fmt::format(R"(#compdef linnet
# zsh completion of linnet, made by `linnet completion zsh`
_linnet() {{
  local -a commands
  commands=(
{}  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
{}  esac
}}
compdef _linnet linnet
)",
                     list, cases);
}

std::string fish_text(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

std::string fish_script(const CLI::App& app) {
  const std::string passes = pass_names();
  std::string script = "# fish completion of linnet, made by `linnet completion fish`\n";
  for (const CLI::App* command : commands_of(app))
    script += fmt::format("complete -c linnet -f -n __fish_use_subcommand -a {} -d '{}'\n",
                          command->get_name(), fish_text(command->get_description()));
  for (const CLI::App* command : commands_of(app)) {
    for (const OptionInfo& option : all_options(app, *command)) {
      const std::string words = words_of(option, passes);
      std::string line = fmt::format("complete -c linnet -n '__fish_seen_subcommand_from {}'",
                                     command->get_name());
      if (option.positional) {
        if (words.empty()) continue;  // fish offers files by itself
        script += fmt::format("{} -f -a '{}'\n", line, words);
        continue;
      }
      for (const std::string& name : option.names)
        line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (!option.value.empty()) line += takes_file(option) ? " -r -F" : " -x";
      if (!words.empty()) line += fmt::format(" -a '{}'", words);
      script += fmt::format("{} -d '{}'\n", line, fish_text(option.description));
    }
  }
  return script;
}

}  // namespace

std::string completion_script(const CLI::App& app, std::string_view shell) {
  if (shell == "zsh") return zsh_script(app);
  return shell == "fish" ? fish_script(app) : bash_script(app);
}

}  // namespace linnet::cli
