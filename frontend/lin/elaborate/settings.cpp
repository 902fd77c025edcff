// What a block's settings are in one application: given, by default, or wrong.
#include "frontend/lin/elaborate/settings.h"

#include "frontend/lin/elaborate/expressions.h"
#include "frontend/lin/foreign.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::frontend {

namespace {

bool holds(const auto& list, std::string_view name) {
  return std::ranges::find(list, name) != list.end();
}

using Read = std::vector<std::pair<std::string, const Argument*>>;

// Each argument with its setting's name, one of `names` if it is known under another; those by
// position in the order of `positions`. nullopt if there are more than these, or a name stands
// twice.
std::optional<Read> read_as(const auto& positions, const std::vector<Argument>& arguments,
                            const std::vector<std::string>& names) {
  Read read;
  size_t next = 0;
  for (const Argument& argument : arguments) {
    if (argument.name.empty() && next == positions.size()) return std::nullopt;
    const std::string ours(our_setting(argument.name));
    const std::string name = argument.name.empty() ? std::string(positions[next++])
                             : holds(names, ours)  ? ours
                                                   : argument.name;
    if (std::ranges::find(read, name, &Read::value_type::first) != read.end()) return std::nullopt;
    read.emplace_back(name, &argument);
  }
  return read;
}

}  // namespace

// The call of a block as it should be: all settings but the first by name. If that gives a size to
// every setting without a default, the arguments are read in PyTorch's order, which begins with the
// sizes of what comes in: a layer here knows them from its value. `at`: the arguments at fault.
std::string Settings::corrected_call(const Block& block, const std::vector<Argument>& arguments,
                                     Scope& scope, Span* at) {
  std::vector<std::string> names;
  for (const Parameter& setting : block.settings)
    names.push_back(setting.name);
  const TorchSignature* torch =
      report_.in_prelude(block.span) ? torch_signature(block.name) : nullptr;
  std::span<const std::string_view> order, implied, required;
  if (torch) {
    order = torch->parameters;
    implied = order.first(torch->implied);
    required = order.first(torch->required);
  }
  const auto is_size = [&](const Argument& argument) {
    const Value value = expressions_.evaluate(*argument.value, scope);
    return value.get<int64_t>() || value.get<List>() || value.get<Tuple>();
  };
  auto read = read_as(order, arguments, names);
  size_t sizes = 0;
  for (const auto& [name, argument] : read.value_or(Read{})) {
    if (holds(required, name) && is_size(*argument)) ++sizes;
  }
  if (!torch || sizes != required.size()) read = read_as(names, arguments, names);
  if (!read) return "";
  std::vector<std::string> shown;
  std::string dropped;
  Span span;
  for (const auto& [name, argument] : *read) {
    const std::string text(report_.text(argument->value->span));
    if (argument->name.empty() || holds(implied, name)) {
      span = {argument->span.file, span.end == 0 ? argument->span.begin : span.begin,
              argument->span.end};
    }
    if (holds(implied, name)) {
      dropped = name;
    } else if (shown.empty() && name == names.front()) {
      shown.push_back(text);
    } else {
      shown.push_back(fmt::format("{}: {}", name, text));
    }
  }
  if (at) *at = span;
  return fmt::format("{}({}){}", block.name, join(shown, ", "),
                     dropped.empty() ? "" : fmt::format("; {} is known from the value", dropped));
}

// Only the first setting may stand by position: linear(784, 10) would be read as 784 outputs.
void Settings::check_positions(const Block& block, const std::vector<Argument>& arguments,
                               const std::vector<std::string>& names, Scope& scope) {
  if (names.empty()) return;
  const TorchSignature* torch =
      report_.in_prelude(block.span) ? torch_signature(block.name) : nullptr;
  size_t positions = 0;
  bool implied = false, again = false;  // a size the value tells; the first setting once more
  for (const Argument& argument : arguments) {
    if (argument.name.empty()) ++positions;
    again = again || (positions == 1 && argument.name == names.front());
    if (torch)
      implied =
          implied || std::ranges::find(torch->parameters.first(torch->implied), argument.name) !=
                         torch->parameters.first(torch->implied).end();
  }
  // batch_norm2d(64): all that PyTorch's module needs, and none of ours.
  const bool alone = torch && torch->required == torch->implied && positions == 1 &&
                     expressions_.evaluate(*arguments.front().value, scope).get<int64_t>();
  if (positions <= 1 && !implied && !again && !alone) return;
  Span at;
  const std::string call = corrected_call(block, arguments, scope, &at);
  if (call.empty()) return;  // said where the setting is read
  report_.fail(at,
               positions > 1
                   ? fmt::format("'{}' takes only its first setting by position", block.name)
                   : fmt::format("'{}' has no setting '{}'", block.name, torch->parameters.front()),
               call);
}

void Settings::give(Instance& instance, const Block& block, const std::vector<Argument>& arguments,
                    Scope& scope, Span at) {
  std::vector<std::string> names;
  for (const Parameter& setting : block.settings)
    names.push_back(setting.name);
  check_positions(block, arguments, names, scope);
  size_t next = 0;
  for (const Argument& argument : arguments) {
    std::string key = argument.name;
    if (key.empty()) {
      if (next >= names.size()) {
        report_.fail(argument.span,
                     fmt::format("'{}' takes {} setting{}", block.name, names.size(),
                                 names.size() == 1 ? "" : "s"),
                     names.empty() ? "" : "they are " + join(names, ", "));
      }
      key = names[next++];
    }
    const auto setting = std::ranges::find(block.settings, key, &Parameter::name);
    if (setting == block.settings.end())
      unknown_setting(key, argument.span, block.name, names, report_);
    if (instance.settings.contains(key))
      report_.fail(argument.span, fmt::format("'{}' is given twice", key));
    instance.settings[key] = converted(expressions_.evaluate(*argument.value, scope), *setting,
                                       argument.value->span, nodes_, report_);
  }
  for (const Parameter& setting : block.settings) {
    if (instance.settings.contains(setting.name)) continue;
    if (!setting.default_value) {
      report_.fail(at, fmt::format("'{}' needs the setting '{}'", block.name, setting.name),
                   fmt::format("{}({}: …)", block.name, setting.name));
    }
    Scope defaults;
    defaults.instance = &instance;
    for (const auto& [name, value] : instance.settings)
      defaults.define(name, {value, setting.span, "", true});
    instance.settings[setting.name] =
        converted(expressions_.evaluate(*setting.default_value, defaults), setting, setting.span,
                  nodes_, report_);
  }
}

namespace {

// The value as what the setting takes, or nullopt.
std::optional<Value> fitted(const Value& value, SettingType type) {
  const bool integer = value.get<int64_t>() != nullptr;
  const auto if_it = [&](bool fits) { return fits ? std::optional(value) : std::nullopt; };
  switch (type) {
  case SettingType::kInt:
    return if_it(integer);
  case SettingType::kFloat:
    return value.is_number() ? std::optional(Value{value.number()}) : std::nullopt;
  case SettingType::kBool:
    return if_it(value.get<bool>());
  case SettingType::kString:
    if (value.is_number()) return Value{fmt::format("{}", value.number())};
    return if_it(value.get<std::string>());
  case SettingType::kInit:
    return if_it(value.get<ir::Recipe>());
  case SettingType::kList:
    return integer ? std::optional(Value{List{{value}}}) : if_it(value.get<List>());
  case SettingType::kPair:
    break;
  }
  if (integer) return Value{List{{value, value}}};
  const auto* list = value.get<List>();
  const auto* tuple = value.get<Tuple>();
  const auto* values = list ? &list->values : tuple ? &tuple->values : nullptr;
  const bool integers = values && std::ranges::all_of(*values, [](const Value& v) {
                          return v.get<int64_t>() != nullptr;
                        });
  if (!integers || (values->size() != 2 && values->size() != 4)) return std::nullopt;
  return Value{List{*values}};
}

std::string_view wanted(SettingType type) {
  switch (type) {
  case SettingType::kInt:
    return "an integer";
  case SettingType::kFloat:
    return "a number";
  case SettingType::kBool:
    return "a bool";
  case SettingType::kString:
    return "a string";
  case SettingType::kList:
    return "a list";
  case SettingType::kPair:
    return "an integer or a pair [h, w]";
  case SettingType::kInit:
    return "an initialiser";
  }
  return "";
}

}  // namespace

Value converted(const Value& value, const Parameter& setting, Span at, const Nodes& nodes,
                Report& report) {
  const std::optional<SettingType> type = setting.type.setting;
  if (type) {
    if (auto fits = fitted(value, *type)) return *std::move(fits);
  }
  report.fail(at, fmt::format("'{}' takes {}, not {}", setting.name,
                              type ? std::string(wanted(*type)) : "a " + setting.type.name,
                              nodes.described(value)));
}

void unknown_setting(const std::string& name, Span at, std::string_view owner,
                     const std::vector<std::string>& known, Report& report) {
  const std::string_view ours = our_setting(name);
  const std::string message = name.empty() ? fmt::format("{} takes no further setting", owner)
                                           : fmt::format("{} has no setting '{}'", owner, name);
  if (std::ranges::find(known, ours) != known.end())
    report.fail(at, message, fmt::format("here it is called '{}'", ours));
  const std::string near = did_you_mean(name, known);
  report.fail(at, message,
              !near.empty()   ? near
              : known.empty() ? "it takes none"
                              : "its settings are " + join(known, ", "));
}

}  // namespace linnet::frontend
