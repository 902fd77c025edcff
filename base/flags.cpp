// The command line of products, read by a table of flags.
#include "base/flags.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace linnet::runtime {

Result<void> Flag::take(const std::string& value) const {
  if (set_) *set_ = true;
  if (text_) *text_ = value;
  if (texts_) texts_->push_back(value);
  if (!number_) return {};
  char* end = nullptr;
  errno = 0;
  const uint64_t number = std::strtoull(value.c_str(), &end, 10);
  // strtoull also takes spaces and signs.
  const bool whole = value[0] >= '0' && value[0] <= '9' && *end == '\0' && errno == 0;
  if (!whole || number < least_ || number > most_) {
    const std::string most =
        most_ == INT64_MAX ? "on" : format("to %llu", static_cast<unsigned long long>(most_));
    return fail_call("%s takes a whole number from %llu %s, not '%s'", name_,
                     static_cast<unsigned long long>(least_), most.c_str(), value.c_str());
  }
  *number_ = number;
  return {};
}

Result<void> Flag::no_value() const {
  return fail_call("%s needs %s", name_, value_);
}

std::string Flag::help() const {
  return format("  %-22s %s\n", (std::string(name_) + " " + (value_ ? value_ : "")).c_str(), help_);
}

Result<std::vector<std::string>> parse_flags(std::span<const Flag> flags, int argc, char** argv) {
  std::vector<std::string> others;
  bool only_others = false;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (only_others || argument.size() < 2 || argument[0] != '-') {
      others.push_back(argument);
      continue;
    }
    if (argument == "--") {
      only_others = true;
      continue;
    }
    const size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    const auto flag =
        std::find_if(flags.begin(), flags.end(), [&](const Flag& f) { return name == f.name(); });
    if (flag == flags.end()) return fail_call("no option '%s'; --help lists them", name.c_str());
    std::string value;
    if (equals != std::string::npos) {
      if (!flag->takes_value())
        return fail_call("%s takes no value, not '%s'", flag->name(),
                         argument.c_str() + equals + 1);
      value = argument.substr(equals + 1);
    } else if (flag->takes_value()) {
      if (i + 1 >= argc) LINNET_TRY(flag->no_value());
      value = argv[++i];
    }
    LINNET_TRY(flag->take(value));
  }
  return others;
}

}  // namespace linnet::runtime
