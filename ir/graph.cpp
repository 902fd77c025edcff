// Appends nodes and values, keeps names unique, prints storage and schedules.
#include "ir/graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include <array>

namespace linnet::ir {

std::string to_string(const Storage& storage) {
  switch (storage.memory) {
  case Memory::kInput:
    return fmt::format("input {}", storage.offset);
  case Memory::kOutput:
    return fmt::format("output {}", storage.offset);
  case Memory::kSlot:
    return fmt::format("slot {}", storage.offset);
  case Memory::kArena:
    return fmt::format("arena+{}", storage.offset);
  case Memory::kConstant:
    return fmt::format("constant+{}", storage.offset);
  }
  return "";
}

int64_t Schedule::get(std::string_view name, int64_t fallback) const {
  for (const auto& [key, value] : parameters) {
    if (key == name) return value;
  }
  return fallback;
}

std::string to_string(const Schedule& schedule) {
  std::string text = schedule.family + "{";
  for (size_t i = 0; i < schedule.parameters.size(); ++i) {
    const auto& [name, value] = schedule.parameters[i];
    text += fmt::format("{}{}={}", i ? ", " : "", name, value);
  }
  return text + "}";
}

ValueId Graph::add_input(std::string_view value_name, Type type, std::string slot) {
  const ValueId id{static_cast<int32_t>(values_.size())};
  values_.push_back({unique_name(value_name), std::move(type), NodeId{},
                     static_cast<int>(inputs.size()), std::nullopt});
  inputs.push_back({id, std::move(slot)});
  return id;
}

NodeId Graph::append(Node node, const std::vector<Type>& types,
                     const std::vector<std::string>& names) {
  const NodeId id{static_cast<int32_t>(nodes_.size())};
  node.results.clear();
  for (size_t i = 0; i < types.size(); ++i) {
    const ValueId result{static_cast<int32_t>(values_.size())};
    values_.push_back({unique_name(i < names.size() ? names[i] : ""), types[i], id,
                       static_cast<int>(i), std::nullopt});
    node.results.push_back(result);
  }
  nodes_.push_back(std::move(node));
  return id;
}

void Graph::rename(ValueId id, std::string_view wanted) {
  free_name(value(id).name);
  value(id).name = unique_name(wanted);
}

const Node* Graph::producer(ValueId id) const {
  const NodeId node = value(id).node;
  return node ? &nodes_[static_cast<size_t>(node.index)] : nullptr;
}

std::vector<std::vector<NodeId>> Graph::users() const {
  std::vector<std::vector<NodeId>> users(values_.size());
  for (size_t i = 0; i < nodes_.size(); ++i) {
    for (ValueId operand : nodes_[i].operands) {
      if (operand) users[static_cast<size_t>(operand.index)].push_back({static_cast<int32_t>(i)});
    }
  }
  for (const GraphOutput& output : outputs) {
    users[static_cast<size_t>(output.value.index)].push_back({static_cast<int32_t>(nodes_.size())});
  }
  return users;
}

ValueId Graph::find(std::string_view value_name) const {
  for (size_t i = 0; i < values_.size(); ++i) {
    if (values_[i].name == value_name) return {static_cast<int32_t>(i)};
  }
  return {};
}

// "x", then "x_1", "x_2" …; a value without a wish is "v", so text does not depend on
// anything but the order of creation.
std::string Graph::unique_name(std::string_view wanted) {
  std::string name(wanted);
  if (!wanted.empty() && names_.insert(name).second) return name;
  int& number = numbers_.try_emplace(name, wanted.empty() ? 0 : 1).first->second;
  do {
    name = wanted.empty() ? fmt::format("v{}", number) : fmt::format("{}_{}", wanted, number);
    ++number;
  } while (!names_.insert(name).second);
  return name;
}

// The name may be given again, and to the next who wishes what it was made of.
void Graph::free_name(const std::string& name) {
  names_.erase(name);
  size_t digits = name.size();
  while (digits > 0 && std::isdigit(static_cast<unsigned char>(name[digits - 1])))
    --digits;
  if (digits == name.size() || name.size() - digits > 9 || digits == 0) return;
  std::string wish;
  if (name[digits - 1] == '_') {
    wish = name.substr(0, digits - 1);
  } else if (digits != 1 || name[0] != 'v') {
    return;
  }
  const auto at = numbers_.find(wish);
  if (at != numbers_.end()) at->second = std::min(at->second, std::stoi(name.substr(digits)));
}

ValueId Graph::input_of(std::string_view slot) const {
  for (const GraphInput& input : inputs) {
    if (input.slot == slot) return input.value;
  }
  return {};
}

bool computes_in_f64(const Graph& graph) {
  return std::ranges::any_of(graph.values(),
                             [](const Value& value) { return value.type.dtype == DType::kF64; });
}

}  // namespace linnet::ir
