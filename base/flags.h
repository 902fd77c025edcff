// The flags of a product: a table that is both what is accepted and what --help prints.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace linnet::runtime {

// One flag and where its value goes. `value` is what help calls the value: "N", "F.svg".
class Flag {
public:
  // Takes no value: present or not.
  Flag(const char* name, bool* to, const char* help = "") : name_(name), help_(help), set_(to) {}
  Flag(const char* name, const char* value, std::string* to, const char* help = "")
      : name_(name), value_(value), help_(help), text_(to) {}
  // May be given several times.
  Flag(const char* name, const char* value, std::vector<std::string>* to, const char* help = "")
      : name_(name), value_(value), help_(help), texts_(to) {}
  // A whole number from `least` to `most`.
  Flag(const char* name, const char* value, uint64_t* to, const char* help = "", uint64_t least = 0,
       uint64_t most = UINT64_MAX)
      : name_(name), value_(value), help_(help), number_(to), least_(least), most_(most) {}
  Flag(const char* name, const char* value, int64_t* to, const char* help = "", uint64_t least = 1,
       uint64_t most = INT64_MAX)
      : Flag(name, value, reinterpret_cast<uint64_t*>(to), help, least, most) {}

  [[nodiscard]] const char* name() const { return name_; }
  [[nodiscard]] bool takes_value() const { return value_ != nullptr; }
  // `value` is "" for a flag that takes none.
  [[nodiscard]] Result<void> take(const std::string& value) const;
  [[nodiscard]] Result<void> no_value() const;  // the error: "--steps needs N"
  [[nodiscard]] std::string help() const;       // "  --steps N              batches in all\n"

private:
  const char* name_;
  const char* value_ = nullptr;
  const char* help_;
  bool* set_ = nullptr;
  std::string* text_ = nullptr;
  std::vector<std::string>* texts_ = nullptr;
  uint64_t* number_ = nullptr;
  uint64_t least_ = 0, most_ = 0;
};

// Reads `--name value`, `--name=value` and switches into where `flags` say, and returns the other
// arguments: those that begin with no '-', "-" itself, and all after "--". Errors: an unknown flag,
// a value missing, out of range, or given to a flag that takes none; of status kBadCall.
[[nodiscard]] Result<std::vector<std::string>> parse_flags(std::span<const Flag> flags, int argc,
                                                           char** argv);

}  // namespace linnet::runtime
