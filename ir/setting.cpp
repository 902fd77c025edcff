// Ranges of settings in words, and settings read with their defaults.
#include "ir/setting.h"

#include "base/shortest.h"
#include "support/check.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace linnet::ir {
namespace {

std::vector<double> numbers_in(const Attr& attr) {
  if (const auto* list = std::get_if<Doubles>(&attr)) return *list;
  if (const auto* list = std::get_if<Ints>(&attr)) return {list->begin(), list->end()};
  if (const auto* value = std::get_if<double>(&attr)) return {*value};
  if (const auto* value = std::get_if<int64_t>(&attr)) return {static_cast<double>(*value)};
  return {};
}

}  // namespace

std::string to_string(const Range& range) {
  std::string text = range.whole ? "a whole number" : "a number";
  if (std::isinf(range.least)) return text;
  text += fmt::format(" {} {}", range.above ? "above" : "from", shortest(range.least));
  // Counts are bounded so that they fit their type, which is nothing to tell a person.
  if (std::isinf(range.most) || range.whole) return range.above ? text : text + " on";
  return text + fmt::format(" to {}{}", range.below ? "below " : "", shortest(range.most));
}

bool allows(const Range& range, double value) {
  return (range.above ? value > range.least : value >= range.least) &&
         (range.below ? value < range.most : value <= range.most) &&
         (!range.whole || value == std::floor(value));
}

const Setting& Settings::setting(std::string_view name) const {
  const auto at = std::ranges::find(settings_, name, &Setting::name);
  LINNET_CHECK(at != settings_.end(),
               recipe_->kind + " has no setting '" + std::string(name) + "'");
  return *at;
}

double Settings::number(std::string_view name, size_t at) const {
  const Setting& setting = this->setting(name);
  const Attr* given = recipe_->attrs.find(name);
  std::vector<double> values = given ? numbers_in(*given) : std::vector<double>{};
  if (values.empty()) values = numbers_in(setting.default_value);
  LINNET_CHECK(!values.empty(), "'" + std::string(name) + "' is no number");
  return values[std::min(at, values.size() - 1)];
}

int64_t Settings::integer(std::string_view name) const {
  return static_cast<int64_t>(number(name));
}

bool Settings::flag(std::string_view name) const {
  const Attr* given = recipe_->attrs.find(name);
  const bool* value = std::get_if<bool>(given ? given : &setting(name).default_value);
  return value && *value;
}

std::string Settings::text(std::string_view name) const {
  const Attr* given = recipe_->attrs.find(name);
  const Attr& attr = given ? *given : setting(name).default_value;
  if (const auto* word = std::get_if<Enum>(&attr)) return word->word;
  const auto* text = std::get_if<std::string>(&attr);
  return text ? *text : "";
}

int64_t Settings::word(std::string_view name) const {
  const auto& words = setting(name).words;
  const auto at = std::ranges::find(words, text(name));
  return at == words.end() ? 0 : at - words.begin();
}

Strings Settings::texts(std::string_view name) const {
  const Attr* given = recipe_->attrs.find(name);
  const Attr& attr = given ? *given : setting(name).default_value;
  if (const auto* list = std::get_if<Strings>(&attr)) return *list;
  const auto* one = std::get_if<std::string>(&attr);
  return one ? Strings{*one} : Strings{};
}

}  // namespace linnet::ir
