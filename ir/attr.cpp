// Prints attributes and keeps them in order of their names.
#include "ir/attr.h"

#include "base/shortest.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::ir {
namespace {

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      result += c;
    }
  }
  return result + '"';
}

// A double always shows as one, so that reading gives the same variant.
std::string number(double value) {
  std::string text = shortest(value);
  return text.find_first_of(".einf") == std::string::npos ? text + ".0" : text;
}

struct Printer {
  std::string operator()(int64_t value) const { return fmt::format("{}", value); }
  std::string operator()(double value) const { return number(value); }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(const std::string& value) const { return quoted(value); }
  std::string operator()(DType value) const { return std::string(name(value)); }
  std::string operator()(const Enum& value) const { return value.word; }
  template <class T> std::string operator()(const std::vector<T>& values) const {
    std::vector<std::string> parts;
    for (const T& value : values)
      parts.push_back((*this)(value));
    return "[" + join(parts, ", ") + "]";
  }
};

}  // namespace

std::string to_string(const Attr& attr) {
  return std::visit(Printer{}, attr);
}

void Attrs::set(std::string_view name, Attr value) {
  auto at = std::ranges::lower_bound(
      entries_, name, {}, [](const Entry& entry) { return std::string_view(entry.first); });
  if (at != entries_.end() && at->first == name) {
    at->second = std::move(value);
  } else {
    entries_.insert(at, {std::string(name), std::move(value)});
  }
}

void Attrs::erase(std::string_view name) {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.first == name; });
}

const Attr* Attrs::find(std::string_view name) const {
  for (const Entry& entry : entries_) {
    if (entry.first == name) return &entry.second;
  }
  return nullptr;
}

}  // namespace linnet::ir
