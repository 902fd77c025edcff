// The command line of products, read by a table of flags.
#include "base/flags.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace linnet {

bool Flag::take(const char* value) const {
  switch (kind_) {
  case Kind::kSwitch:
    *static_cast<bool*>(to_) = true;
    return true;
  case Kind::kText:
    *static_cast<std::string*>(to_) = value;
    return true;
  case Kind::kTexts:
    static_cast<std::vector<std::string>*>(to_)->emplace_back(value);
    return true;
  case Kind::kCount:
  case Kind::kNumber:
    break;
  }
  char* end = nullptr;
  errno = 0;
  const uint64_t number = std::strtoull(value, &end, 10);
  // strtoull also takes spaces and signs.
  if (*value < '0' || *value > '9' || *end != '\0' || errno != 0 || number > most_) return false;
  if (kind_ == Kind::kCount && number == 0) return false;
  *static_cast<uint64_t*>(to_) = number;  // of an int64_t too: the same bits up to most_
  return true;
}

std::string Flag::help() const {
  return format("  %-22s %s\n", (std::string(name_) + " " + (value_ ? value_ : "")).c_str(), help_);
}

Result<std::vector<std::string>> parse_flags(std::span<const Flag> flags, int argc, char** argv) {
  std::vector<std::string> others;
  bool only_others = false;
  for (int i = 1; i < argc; ++i) {
    const char* argument = argv[i];
    if (only_others || argument[0] != '-' || argument[1] == '\0') {
      others.emplace_back(argument);
      continue;
    }
    if (std::strcmp(argument, "--") == 0) {
      only_others = true;
      continue;
    }
    size_t length = 0;  // of the name
    while (argument[length] != '\0' && argument[length] != '=')
      ++length;
    const Flag* flag = nullptr;
    for (const Flag& known : flags)
      if (std::strncmp(known.name_, argument, length) == 0 && known.name_[length] == '\0')
        flag = &known;
    if (!flag)
      return fail_call("no option '%.*s'; --help lists them", static_cast<int>(length), argument);
    const char* value = argument[length] == '=' ? argument + length + 1 : nullptr;
    if (value && !flag->value_) return fail_call("%s takes no value, not '%s'", flag->name_, value);
    if (flag->value_ && !value && ++i < argc) value = argv[i];
    if (flag->value_ && !value) return fail_call("%s needs %s", flag->name_, flag->value_);
    if (flag->take(value)) continue;
    if (flag->most_ < INT64_MAX)
      return fail_call("%s takes a whole number from 1 to %lld, not '%s'", flag->name_,
                       static_cast<long long>(flag->most_), value);
    return fail_call("%s takes a whole number from %d on, not '%s'", flag->name_,
                     flag->kind_ == Flag::Kind::kCount, value);
  }
  return others;
}

}  // namespace linnet
