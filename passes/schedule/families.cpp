// The table of kernel families, by families.def, and what is asked of it.
#include "passes/schedule/families.h"

#include "ir/op_def.h"
#include "passes/schedule/anchors.h"
#include "support/text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace linnet::passes {
namespace {

std::vector<Family> make_families() {
  std::vector<Family> list;
#define LINNET_FAMILY(family)                                                                      \
  list.push_back(family##_family());                                                               \
  list.back().name = #family;
#include "passes/schedule/families.def"
  return list;
}

// "1 to 5", "4 or 8": values in rising order.
std::string range(const std::vector<int64_t>& values) {
  if (values.empty()) return "none";
  if (values.size() == 1) return fmt::format("only {}", values.front());
  const bool gapless = values.back() - values.front() == static_cast<int64_t>(values.size()) - 1;
  if (gapless && values.size() > 2) return fmt::format("{} to {}", values.front(), values.back());
  return fmt::format("{} or {}", fmt::join(values.begin(), values.end() - 1, ", "), values.back());
}

// `pixels=10: legal here are 1 to 5`; with what decides the range where earlier numbers do.
std::string legal_text(const std::vector<int64_t>& values, const ir::Schedule& before) {
  std::string text = "legal here: " + range(values);
  if (before.parameters.empty()) return text;
  text += ", with ";
  for (size_t i = 0; i < before.parameters.size(); ++i) {
    const auto& [name, value] = before.parameters[i];
    text += fmt::format("{}{}={}", i ? ", " : "", name, value);
  }
  return text;
}

std::string keys_of(const Family& family) {
  return family.keys.empty() ? "none" : fmt::format("{}", fmt::join(family.keys, ", "));
}

std::vector<std::string> family_names() {
  std::vector<std::string> names;
  for (const Family& family : families())
    names.emplace_back(family.name);
  return names;
}

// Keys the family does not have, or that are there twice.
std::string key_fault(const Family& family, const ir::Schedule& schedule) {
  std::vector<std::string> seen;
  for (const auto& [name, value] : schedule.parameters) {
    if (std::ranges::find(seen, name) != seen.end())
      return fmt::format("{} has '{}' twice", family.name, name);
    seen.push_back(name);
    if (name == kThreads) {
      if (value != 0 && value != 1) return fmt::format("threads={}; legal are 0 or 1", value);
    } else if (std::ranges::find(family.keys, name) == family.keys.end()) {
      return fmt::format("{} has no key '{}'; its keys: {}", family.name, name, keys_of(family));
    }
  }
  return "";
}

// A weight that lies transformed, and a family that reads it as it is.
std::string transformed_fault(const Family& family, const ir::Graph& body,
                              const ir::Schedule& schedule) {
  const auto wanted = family.layouts(body, schedule);
  for (size_t i = 0; i < body.inputs.size(); ++i) {
    const ir::Value& input = body.value(body.inputs[i].value);
    if (input.type.layout.winograd == 0) continue;
    if (i >= wanted.size() || !(wanted[i] == input.type.layout))
      return fmt::format("{} does not read %{}, which lies {}", family.name, input.name,
                         to_string(input.type));
  }
  return "";
}

}  // namespace

std::string to_string(const TileCost& cost, const TargetInfo& target) {
  return fmt::format("{} of {} accumulators, {:.0f} % of their work counts", cost.accumulators,
                     accumulators(target), 100 * cost.useful);
}

std::vector<int64_t> up_to(int64_t most) {
  std::vector<int64_t> values = {1};
  for (int64_t value = 2; value <= most; ++value)
    values.push_back(value);
  return values;
}

std::vector<int64_t> divisors(int64_t of, int64_t most) {
  std::vector<int64_t> values = up_to(std::min(of, most));
  std::erase_if(values, [of](int64_t value) { return of % value != 0; });
  return values;
}

std::vector<int64_t> vector_lanes(int64_t most) {
  std::vector<int64_t> values = {4, 8, 16};
  std::erase_if(values, [most](int64_t value) { return value > most; });
  return values;
}

Choice<ir::Schedule> Family::choose(const Candidate& group) const {
  const auto& disabled = group.options.disabled;
  if (std::ranges::find(disabled, name) != disabled.end()) return std::string("it is disabled");
  if (group.target.vector_registers == 0 && name != kGeneric && name != "scatter")
    return std::string("each sum is to be one chain");
  if (std::string obstacle = fits(group.body); !obstacle.empty()) return obstacle;
  Choice<ir::Schedule> choice = numbers(group);
  if (!choice.schedule) return choice;
  choice.schedule->family = name;
  if (group.options.in_threads && scratch(group.body, *choice.schedule) > 0)
    return std::string("threads would share what it works in");
  return choice;
}

std::span<const Family> families() {
  static const std::vector<Family> list = make_families();
  return list;
}

const Family* find_family(std::string_view name) {
  const auto at = std::ranges::find(families(), name, &Family::name);
  return at == families().end() ? nullptr : &*at;
}

const Family& family(std::string_view name) {
  const Family* found = find_family(name);
  LINNET_CHECK(found != nullptr, "no kernel family '" + std::string(name) + "'");
  return *found;
}

bool has_threads(const ir::Schedule& schedule) {
  return schedule.get(kThreads, 0) != 0;
}

Choice<ir::Schedule> chosen_schedule(const Candidate& group) {
  for (const Family& family : families()) {
    if (family.name == kGeneric) continue;
    if (auto choice = family.choose(group); choice.schedule) return choice;
  }
  return {ir::Schedule{std::string(kGeneric), {}}, why_generic(group)};
}

const ir::Node* main_op(const ir::Graph& body) {
  const ir::Node* found = nullptr;
  for (const ir::Node& node : body.nodes()) {
    if (body.value(node.results.front()).type.dtype != ir::DType::kF32) continue;
    if (node.op->has(ir::kAnchor)) return &node;
    if (node.op->has(ir::kPool)) found = &node;
  }
  return found;
}

std::string why_generic(const Candidate& group) {
  const ir::Node* op = main_op(group.body);
  if (!op) return "";
  // Families that say the same together, in the order of the first.
  std::vector<std::pair<std::string, std::string>> reasons;
  for (const Family& family : families()) {
    if (std::ranges::find(family.ops, op->op) == family.ops.end()) continue;
    const std::string why = family.choose(group).why;
    const auto same = std::ranges::find(reasons, why, &std::pair<std::string, std::string>::second);
    if (same == reasons.end()) {
      reasons.emplace_back(family.name, why);
    } else {
      same->first += ", " + std::string(family.name);
    }
  }
  std::vector<std::string> parts;
  for (const auto& [names, why] : reasons)
    parts.push_back(names + ": " + why);
  return parts.empty() ? "no other family is for " + std::string(op->op->name) : join(parts, "; ");
}

ir::Schedule choose_schedule(const Candidate& group) {
  return *chosen_schedule(group).schedule;
}

std::vector<Alternative> alternatives(const Candidate& group, const ir::Schedule& chosen) {
  std::vector<Alternative> list;
  bool before = true;
  for (const Family& family : families()) {
    if (family.name == chosen.family) {
      before = false;
      continue;
    }
    auto choice = family.choose(group);
    std::string why = choice.why;
    if (choice.schedule) {
      why = to_string(*choice.schedule) + (why.empty() ? "" : " would do: " + why);
      if (!before) why += "; " + chosen.family + " comes before it";
    }
    list.push_back({family.name, std::move(why), std::move(choice.schedule)});
  }
  return list;
}

bool has_fast_kernel(const Candidate& group) {
  return choose_schedule(group).family != kGeneric;
}

int64_t scratch_bytes(const ir::Graph& kernel) {
  if (!kernel.schedule) return 0;
  return family(kernel.schedule->family).scratch(kernel, *kernel.schedule);
}

std::string schedule_fault(const ir::Graph& body, const ir::Schedule& schedule) {
  const Family* family = find_family(schedule.family);
  if (!family) {
    const auto names = family_names();
    const std::string near = did_you_mean(schedule.family, names);
    return fmt::format("no kernel family '{}'{}{}; the families: {}", schedule.family,
                       near.empty() ? "" : "; ", near, join(names, ", "));
  }
  if (const std::string obstacle = family->fits(body); !obstacle.empty())
    return fmt::format("{} does not compute this group: {}", family->name, obstacle);
  if (std::string fault = key_fault(*family, schedule); !fault.empty()) return fault;
  ir::Schedule before{schedule.family, {}};
  for (const std::string_view key : family->keys) {
    const auto given =
        std::ranges::find(schedule.parameters, key, &std::pair<std::string, int64_t>::first);
    const std::vector<int64_t> values = family->legal(body, before);
    if (given == schedule.parameters.end())
      return fmt::format("{} needs '{}'; {}", family->name, key, legal_text(values, before));
    if (std::ranges::find(values, given->second) == values.end())
      return fmt::format("{}: {}={}; {}", family->name, key, given->second,
                         legal_text(values, before));
    before.parameters.emplace_back(key, given->second);
  }
  if (has_threads(schedule) && family->scratch(body, schedule) > 0)
    return fmt::format("{} works in one place of the arena, and its tiles cannot be shared among "
                       "threads; legal here: only threads=0",
                       family->name);
  return transformed_fault(*family, body, schedule);
}

}  // namespace linnet::passes
