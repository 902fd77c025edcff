// Finds values by name, makes them outputs, and writes groups and kernels out.
#include "driver/values.h"

#include "ir/op_def.h"
#include "ir/rewrite.h"
#include "ir/value_map.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::driver {
namespace {

// Values that an input or the state of the model reaches.
ir::ValueMap<bool> reached(const ir::Module& module, const ir::Graph& graph) {
  std::vector<ir::ValueId> sources;
  for (const ir::GraphInput& input : graph.inputs) {
    const ir::Slot* slot = module.slot(input.slot);
    if (!slot || slot->kind == ir::SlotKind::kState) sources.push_back(input.value);
  }
  return ir::dependents(graph, sources);
}

// "conv1" of "model.onnx: node 'conv1' (Conv)"; "" of any other place.
std::string_view onnx_node(const ir::Place& place) {
  for (const std::string_view name : place.names) {
    const size_t begin = name.find(": node '");
    const size_t end = name.rfind("' (");
    if (begin != std::string_view::npos && end != std::string_view::npos && end > begin + 8)
      return name.substr(begin + 8, end - begin - 8);
  }
  return "";
}

// The body of a group or of a call's kernel; nullptr of any other node.
const ir::Graph* body_of(const ir::Module& module, const ir::Node& node) {
  if (node.op == &ir::ops::group) return &node.regions.front();
  return node.op == &ir::ops::call ? module.kernel(node.callee) : nullptr;
}

// The group whose first result has this name.
const ir::Graph* group_called(const ir::Module* groups, std::string_view result) {
  if (!groups) return nullptr;
  const ir::Graph& graph = groups->graphs.front();
  const ir::ValueId value = graph.find(result);
  const ir::Node* node = value ? graph.producer(value) : nullptr;
  return node && node->op == &ir::ops::group ? &node->regions.front() : nullptr;
}

class Flattening {
public:
  Flattening(const ir::Module& module, const ir::Module* groups)
      : module_(module), groups_(groups), old_(module.graphs.front()), r_(old_) {}

  Flat run() {
    for (const ir::GraphInput& input : old_.inputs)
      add(old_.value(input.value).name, r_[input.value], "");
    for (const ir::Node& node : old_.nodes()) {
      if (const ir::Graph* body = body_of(module_, node)) {
        write_out(node, *body);
      } else {
        r_.copy(node);
      }
      for (ir::ValueId result : node.results)
        add(old_.value(result).name, r_[result], "");
    }
    result_.module = module_;
    result_.module.graphs.front() = r_.finish();
    return std::move(result_);
  }

private:
  void add(const std::string& name, ir::ValueId value, const std::string& within) {
    result_.entries.push_back({name, value, within});
  }

  void write_out(const ir::Node& node, const ir::Graph& body) {
    const std::string& first = old_.value(node.results.front()).name;
    const std::string within = node.callee.empty() ? "%" + first : "@" + node.callee;
    const ir::Graph* group = node.callee.empty() ? nullptr : group_called(groups_, first);
    const bool fits = group && group->values().size() == body.values().size();
    const ir::Graph& named = fits ? *group : body;
    ir::ValueMap<ir::ValueId> map(body);
    for (size_t i = 0; i < body.inputs.size(); ++i)
      map[body.inputs[i].value] = r_[node.operands[i]];
    for (const ir::Node& inner : body.nodes()) {
      ir::Node copied = inner;
      for (ir::ValueId& operand : copied.operands)
        operand = operand ? map[operand] : operand;
      std::vector<ir::Type> types;
      std::vector<std::string> names;
      for (ir::ValueId result : inner.results) {
        types.push_back(body.value(result).type);
        names.push_back(named.value(result).name);
      }
      const ir::NodeId id = r_.graph().append(std::move(copied), types, names);
      for (size_t i = 0; i < inner.results.size(); ++i) {
        map[inner.results[i]] = r_.graph().node(id).results[i];
        add(names[i], map[inner.results[i]], within);
      }
    }
    for (size_t i = 0; i < node.results.size(); ++i)
      r_.replace(node.results[i], map[body.outputs[i].value]);
  }

  const ir::Module& module_;
  const ir::Module* groups_;
  const ir::Graph& old_;
  ir::Rewriter r_;
  Flat result_;
};

}  // namespace

std::vector<ir::ValueId> inner_values(const ir::Module& module) {
  const ir::Graph& graph = module.graphs.front();
  const auto depends = reached(module, graph);
  ir::ValueMap<bool> given(graph, false);
  for (const ir::GraphOutput& output : graph.outputs)
    given[output.value] = given[output.value] || output.slot.empty();
  std::vector<ir::ValueId> values;
  for (const ir::Node& node : graph.nodes()) {
    for (ir::ValueId result : node.results) {
      if (depends[result] && !given[result]) values.push_back(result);
    }
  }
  return values;
}

ir::Module with_outputs(const ir::Module& module, std::span<const ir::ValueId> values) {
  ir::Module copy = module;
  ir::Graph& graph = copy.graphs.front();
  const auto taken = [&](const std::string& name) {
    return std::ranges::find(graph.outputs, name, &ir::GraphOutput::name) != graph.outputs.end();
  };
  for (ir::ValueId value : values) {
    std::string name = graph.value(value).name;
    while (taken(name))
      name += "_within";
    graph.outputs.push_back({name, value, ""});
  }
  return copy;
}

ir::Module with_only(const ir::Module& module, ir::ValueId value) {
  ir::Module copy = module;
  ir::Graph& graph = copy.graphs.front();
  std::erase_if(graph.outputs, [](const ir::GraphOutput& output) { return output.slot.empty(); });
  graph.outputs.push_back({graph.value(value).name, value, ""});
  graph = ir::without_unused(graph);
  return copy;
}

std::optional<ir::ValueId> value_called(const ir::Module& module, std::string_view name) {
  const ir::Graph& graph = module.graphs.front();
  if (name.starts_with('%')) name.remove_prefix(1);
  if (const ir::ValueId value = graph.find(name)) return value;
  for (const ir::GraphOutput& output : graph.outputs) {
    if (output.name == name) return output.value;
  }
  for (const ir::Node& node : graph.nodes()) {
    if (!node.results.empty() && !name.empty() && onnx_node(node.place) == name)
      return node.results.front();
  }
  return std::nullopt;
}

std::vector<std::string> names_of_values(const ir::Module& module) {
  const ir::Graph& graph = module.graphs.front();
  std::vector<std::string> names;
  const auto add = [&](std::string_view name) {
    if (!name.empty() && std::ranges::find(names, name) == names.end()) names.emplace_back(name);
  };
  for (const ir::Value& value : graph.values())
    add(value.name);
  for (const ir::GraphOutput& output : graph.outputs)
    add(output.name);
  for (const ir::Node& node : graph.nodes())
    add(onnx_node(node.place));
  return names;
}

const Flat::Entry* Flat::find(std::string_view name, const ir::Type& type) const {
  const Entry* found = nullptr;
  for (const Entry& entry : entries) {
    if (entry.name != name || !module.graphs.front().value(entry.value).type.same_logical(type))
      continue;
    if (entry.within.empty()) return &entry;
    if (!found) found = &entry;
  }
  return found;
}

Flat flat(const ir::Module& module, const ir::Module* groups) {
  return Flattening(module, groups).run();
}

}  // namespace linnet::driver
