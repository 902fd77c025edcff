// linnet.1, generated from the definitions of the commands.
#include "cli/help.h"

#include "base/text.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace linnet::cli {
namespace {

// Text that roff takes as it is: no escapes, no line that begins a macro, hyphens as they are.
std::string roff(std::string_view text) {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = code_point(text, at);
    if (point.value == '\\') {
      result += "\\e";
    } else if (point.value == '-') {
      result += "\\-";
    } else if (point.value > 0x7e) {
      result += fmt::format("\\[u{:04X}]", static_cast<uint32_t>(point.value));
    } else {
      result += static_cast<char>(point.value);
    }
    at += point.length;
  }
  if (result.starts_with('.') || result.starts_with('\'')) result.insert(0, "\\&");
  return result;
}

std::string option_text(const OptionInfo& option) {
  std::string names;
  for (const std::string& name : option.names)
    names += (names.empty() ? "\\fB" : ", \\fB") + roff(name) + "\\fR";
  if (!option.value.empty()) names += " \\fI" + roff(option.value) + "\\fR";
  std::string text = option.description;
  if (option.repeated) text += "; may be repeated";
  if (!option.default_value.empty()) text += fmt::format(" (default: {})", option.default_value);
  if (option.required) text += " (required)";
  return fmt::format(".TP\n{}\n{}\n", names, roff(text));
}

}  // namespace

std::string manual_page(const CLI::App& app) {
  // Not dated: the same source gives the same page.
  std::string page = ".TH LINNET 1 \"\" \"linnet " LINNET_VERSION "\" \"User Commands\"\n"
                     ".SH NAME\nlinnet \\- compiles neural networks into native code\n"
                     ".SH SYNOPSIS\n";
  const auto commands = commands_of(app);
  for (const CLI::App* command : commands)
    page += fmt::format(".B {}\n.br\n", roff(usage(*command)));
  page += fmt::format(".SH DESCRIPTION\n{}\n", roff(app.get_description()));
  for (const OptionGroup& group : option_groups(app)) {
    for (const OptionInfo& option : group.options)
      page += option_text(option);
  }
  page += ".SH COMMANDS\n";
  for (const CLI::App* command : commands) {
    page += fmt::format(".SS {}\n{}.\n", roff(usage(*command)), roff(command->get_description()));
    for (const OptionGroup& group : option_groups(*command)) {
      if (group.title != "Arguments" && group.title != "Options")
        page += fmt::format(".PP\n{}:\n", roff(group.title));
      for (const OptionInfo& option : group.options)
        page += option_text(option);
    }
    if (!command->get_footer().empty())
      page += fmt::format(".PP\nExample: \\fB{}\\fR\n", roff(command->get_footer()));
  }
  page += ".SH EXIT STATUS\n"
          ".TP\n0\ndone\n.TP\n1\nthe input is wrong\n.TP\n2\nthe call is wrong\n"
          ".TP\n3\nvalid, but not supported\n.TP\n4\nthe machine: disk, linker, CPU\n"
          ".TP\n5\na bug of linnet\n"
          ".SH ENVIRONMENT\n"
          ".TP\n\\fBXDG_CACHE_HOME\\fR\nits folder linnet keeps what was compiled; without it "
          "~/.cache/linnet\n"
          ".TP\n\\fBNO_COLOR\\fR\nno colours on a terminal\n"
          ".TP\n\\fBTMPDIR\\fR\nwhere a kernel that fails is left, instead of /tmp\n";
  return page;
}

}  // namespace linnet::cli
