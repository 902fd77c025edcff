// Holds recipes against the records of initialisers, data kinds and optimisers.
#include "ir/check_recipes.h"

#include "ir/data_kind.h"
#include "ir/initialize.h"
#include "ir/optimizer.h"

#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::ir {
namespace {

using Refusal = std::optional<RecipeFault>;

template <class List> std::vector<std::string> names_of(const List& list) {
  std::vector<std::string> names;
  for (const auto& item : list)
    names.emplace_back(item.name);
  return names;
}
template <class T> std::vector<std::string> names_of(std::span<const T* const> list) {
  std::vector<std::string> names;
  for (const T* item : list)
    names.emplace_back(item->name);
  return names;
}

std::string near_or_all(const std::string& name, const std::vector<std::string>& names) {
  if (names.empty()) return "it takes none";
  const std::string near = did_you_mean(name, names);
  return near.empty() ? "expected one of " + join(names, ", ") : near;
}

std::optional<double> number_in(const Attr& attr) {
  if (const auto* integer = std::get_if<int64_t>(&attr)) return static_cast<double>(*integer);
  if (const auto* number = std::get_if<double>(&attr)) return *number;
  return std::nullopt;
}

// The numbers of a setting that takes some; nullopt: it is none.
std::optional<Doubles> numbers_in(const Attr& attr, bool list) {
  if (const auto number = number_in(attr)) return Doubles{*number};
  if (!list) return std::nullopt;
  if (const auto* integers = std::get_if<Ints>(&attr))
    return Doubles(integers->begin(), integers->end());
  if (const auto* numbers = std::get_if<Doubles>(&attr)) return *numbers;
  return std::nullopt;
}

// What the setting takes, if `attr` is not that; "" if it is.
std::string wanted(const Setting& setting, const Attr& attr) {
  const Attr& like = setting.default_value;
  const bool list = std::holds_alternative<Doubles>(like);
  if (list || std::holds_alternative<double>(like)) {
    const auto numbers = numbers_in(attr, list);
    if (!numbers) return list ? "a number or a list of them" : "a number";
    const bool allowed =
        std::ranges::all_of(*numbers, [&](double n) { return allows(setting.range, n); });
    return allowed ? "" : to_string(setting.range);
  }
  const auto* text = std::get_if<std::string>(&attr);
  if (std::holds_alternative<Strings>(like)) {
    const auto* none = std::get_if<Ints>(&attr);
    return text || std::holds_alternative<Strings>(attr) || (none && none->empty()) ? "" : "texts";
  }
  if (std::holds_alternative<bool>(like))
    return std::holds_alternative<bool>(attr) ? "" : "true or false";
  if (std::holds_alternative<Enum>(like)) {
    const auto* word = std::get_if<Enum>(&attr);
    const bool known = word && std::ranges::find(setting.words, word->word) != setting.words.end();
    return known ? "" : fmt::format("one of {}", fmt::join(setting.words, ", "));
  }
  return text ? "" : "a string";
}

// `apart`: a setting that the compiler adds.
Refusal check_settings(const Recipe& recipe, const std::vector<Setting>& settings,
                       std::string_view apart, const Place& place) {
  for (const auto& [name, attr] : recipe.attrs) {
    if (name == apart) continue;
    const auto setting = std::ranges::find(settings, std::string_view(name), &Setting::name);
    if (setting == settings.end())
      return RecipeFault{place, fmt::format("{} has no setting '{}'", recipe.kind, name),
                         near_or_all(name, names_of(settings))};
    if (const std::string takes = wanted(*setting, attr); !takes.empty())
      return RecipeFault{place, fmt::format("'{}' takes {}, not {}", name, takes, to_string(attr)),
                         ""};
  }
  for (const Setting& setting : settings) {
    if (setting.required && !recipe.attrs.find(setting.name))
      return RecipeFault{place, fmt::format("{} needs '{}'", recipe.kind, setting.name), ""};
  }
  return std::nullopt;
}

// Settings are numbers; any initialiser may be told the fans that its shape does not show.
Refusal check_initializer(const Slot& slot) {
  const Recipe& recipe = slot.initializer;
  const Initializer* record = find_initializer(recipe.kind);
  if (!record)
    return RecipeFault{slot.place, fmt::format("no initialiser '{}'", recipe.kind),
                       near_or_all(recipe.kind, names_of(initializers()))};
  std::vector<std::string> known = names_of(record->settings);
  known.insert(known.end(), {"fan_in", "fan_out"});
  for (const auto& [name, attr] : recipe.attrs) {
    if (std::ranges::find(known, name) == known.end())
      return RecipeFault{slot.place, fmt::format("{} has no setting '{}'", recipe.kind, name),
                         near_or_all(name, names_of(record->settings))};
    if (!number_in(attr))
      return RecipeFault{slot.place,
                         fmt::format("'{}' takes a number, not {}", name, to_string(attr)), ""};
  }
  for (const InitializerSetting& setting : record->settings) {
    if (!setting.default_value && !recipe.attrs.find(setting.name))
      return RecipeFault{slot.place, fmt::format("{} needs '{}'", recipe.kind, setting.name), ""};
  }
  return std::nullopt;
}

}  // namespace

std::optional<RecipeFault> check_recipes(const Module& module) {
  for (const Slot& slot : module.slots) {
    if (Refusal fault = check_initializer(slot)) return fault;
  }
  for (const Declaration& declaration : module.data) {
    const Recipe& recipe = declaration.recipe;
    const DataKind* kind = find_data_kind(recipe.kind);
    if (!kind)
      return RecipeFault{declaration.place, fmt::format("no kind of data '{}'", recipe.kind),
                         near_or_all(recipe.kind, names_of(all_data_kinds()))};
    const Place& place = declaration.place;
    if (Refusal fault = check_settings(recipe, kind->settings, kProbabilities.name, place))
      return fault;
  }
  const Declaration* chosen = module.training("optimizer");
  if (!chosen) return std::nullopt;
  const Optimizer* record = find_optimizer(chosen->recipe.kind);
  if (!record)
    return RecipeFault{chosen->place, fmt::format("no optimiser '{}'", chosen->recipe.kind),
                       near_or_all(chosen->recipe.kind, names_of(all_optimizers()))};
  return check_settings(chosen->recipe, record->settings, "", chosen->place);
}

}  // namespace linnet::ir
