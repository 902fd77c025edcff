// A setting that a model file may give: what it is called, what it may be and what it is if nobody
// says. Records of data kinds (ir/data/) and of optimisers (ir/optimizers/) are made of them.
#pragma once

#include "ir/module.h"

#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::ir {

// What a number may be.
struct Range {
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
  bool above = false;  // `least` itself is not allowed
  bool below = false;  // nor is `most`
  bool whole = false;
};
inline constexpr Range kAnyNumber = {};
inline constexpr Range kNotNegative = {.least = 0};
inline constexpr Range kPositive = {.least = 0, .above = true};
inline constexpr Range kBelowOne = {.least = 0, .most = 1, .below = true};
inline constexpr Range kCount = {.least = 1, .most = 1e9, .whole = true};

struct Setting {
  std::string_view name;
  Attr default_value;  // its alternative is the type: a number, a list of them, a word, a text …
  std::string_view doc;
  Range range = kAnyNumber;                  // of numbers, each of a list
  std::vector<std::string_view> words = {};  // what a word may be; its position is its number
  bool required = false;
  bool names_input = false;  // a text that is the name of one of the model's inputs
};

// "a whole number from 1 on": what `range` allows.
[[nodiscard]] std::string to_string(const Range& range);
[[nodiscard]] bool allows(const Range& range, double value);

// The settings of a recipe, or their defaults. Recipes come from several sources: numbers may be
// integers, a list of numbers may be one number.
class Settings {
public:
  Settings(const Recipe& recipe, std::span<const Setting> settings)
      : recipe_(&recipe), settings_(settings) {}

  [[nodiscard]] bool given(std::string_view name) const { return recipe_->attrs.find(name); }
  // Of a list element `at`, or its last.
  [[nodiscard]] double number(std::string_view name, size_t at = 0) const;
  [[nodiscard]] int64_t integer(std::string_view name) const;
  [[nodiscard]] bool flag(std::string_view name) const;
  // A text, or a word.
  [[nodiscard]] std::string text(std::string_view name) const;
  // The position of a word among the setting's.
  [[nodiscard]] int64_t word(std::string_view name) const;
  [[nodiscard]] Strings texts(std::string_view name) const;

private:
  [[nodiscard]] const Setting& setting(std::string_view name) const;

  const Recipe* recipe_;
  std::span<const Setting> settings_;
};

}  // namespace linnet::ir
