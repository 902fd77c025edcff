// The flags of a product: a table that is both what is accepted and what --help prints.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace linnet {

// One flag and where its value goes. `value` is what help calls the value: "N", "F.svg".
class Flag {
public:
  // Takes no value: present or not.
  Flag(const char* name, bool* to, const char* help = "")
      : name_(name), help_(help), to_(to), kind_(Kind::kSwitch) {}
  Flag(const char* name, const char* value, std::string* to, const char* help = "")
      : name_(name), value_(value), help_(help), to_(to), kind_(Kind::kText) {}
  // May be given several times.
  Flag(const char* name, const char* value, std::vector<std::string>* to, const char* help = "")
      : name_(name), value_(value), help_(help), to_(to), kind_(Kind::kTexts) {}
  // A whole number from 1 to `most`.
  Flag(const char* name, const char* value, int64_t* to, const char* help = "",
       int64_t most = INT64_MAX)
      : name_(name), value_(value), help_(help), to_(to), kind_(Kind::kCount),
        most_(static_cast<uint64_t>(most)) {}
  // Any whole number from 0 on.
  Flag(const char* name, const char* value, uint64_t* to, const char* help = "")
      : name_(name), value_(value), help_(help), to_(to), kind_(Kind::kNumber) {}

  // "  --steps N              batches in all\n"
  [[nodiscard]] std::string help() const;

private:
  friend Result<std::vector<std::string>> parse_flags(std::span<const Flag>, int, char**);
  enum class Kind : uint8_t { kSwitch, kText, kTexts, kCount, kNumber };

  // False if `value` is no number or out of range.
  [[nodiscard]] bool take(const char* value) const;

  const char* name_;
  const char* value_ = nullptr;
  const char* help_;
  void* to_;  // what kind_ says
  Kind kind_;
  uint64_t most_ = UINT64_MAX;
};

// Reads `--name value`, `--name=value` and switches into where `flags` say, and returns the other
// arguments: those that begin with no '-', "-" itself, and all after "--". Errors: an unknown flag,
// a value missing, out of range, or given to a flag that takes none; of status kBadCall.
[[nodiscard]] Result<std::vector<std::string>> parse_flags(std::span<const Flag> flags, int argc,
                                                           char** argv);

}  // namespace linnet
