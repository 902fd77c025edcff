// Writes a module as text: slots, declarations, graphs, kernels; attributes but the defaults.
#include "ir/print.h"

#include "ir/op_def.h"

#include "base/shortest.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace linnet::ir {
namespace {

std::string quoted(const std::string& text) {
  return to_string(Attr(text));
}

// A name as it is, or in quotes where it holds more than letters, digits, '_' and '.'.
std::string spelled(const std::string& name) {
  const bool plain = std::ranges::all_of(
      name, [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '.'; });
  return plain && !name.empty() ? name : quoted(name);
}

class Printer {
public:
  // `tensors`: takes what the text names as @"path".
  explicit Printer(std::map<std::string, Tensor>& tensors) : tensors_(tensors) {}

  ModuleText module(const Module& module) {
    ModuleText text;
    text.head = {"lir 1", "", "module " + spelled(module.name)};
    if (!module.data.empty() || !module.train.empty() || !module.slots.empty())
      text.head.emplace_back();
    for (const Declaration& declaration : module.data)
      text.head.push_back(declared("data", declaration));
    for (const Declaration& declaration : module.train)
      text.head.push_back(declared("train", declaration));
    for (const Slot& slot : module.slots)
      text.head.push_back(slot_text(slot));
    for (const Graph& kernel : module.kernels)
      text.kernels.push_back(entry("kernel", kernel));
    for (const Graph& graph : module.graphs)
      text.graphs.push_back(entry("graph", graph));
    return text;
  }

  GraphText entry(std::string_view keyword, const Graph& graph) {
    std::vector<std::string> inputs;
    for (const GraphInput& input : graph.inputs) {
      std::string text = definition(graph, input.value);
      if (!input.slot.empty()) text += " = @" + spelled(input.slot);
      inputs.push_back(std::move(text));
    }
    GraphText text = body(graph);
    text.head = fmt::format("{} @{}({}){} {{", keyword, spelled(graph.name), join(inputs, ", "),
                            graph.schedule ? " " + ir::to_string(*graph.schedule) : "");
    return text;
  }

private:
  static std::string declared(std::string_view keyword, const Declaration& declaration) {
    return fmt::format("{} {} = {}", keyword, spelled(declaration.target),
                       to_string(declaration.recipe));
  }

  std::string slot_text(const Slot& slot) {
    std::string text =
        fmt::format("slot {}{} @{}: {} = {}", slot.frozen ? "frozen " : "", name(slot.kind),
                    spelled(slot.path), ir::to_string(slot.type), to_string(slot.initializer));
    if (slot.value) text += " value " + payload(*slot.value, slot.path);
    return text;
  }

  static std::string definition(const Graph& graph, ValueId id) {
    const Value& value = graph.value(id);
    std::string text = fmt::format("%{}: {}", spelled(value.name), ir::to_string(value.type));
    if (value.storage) text += fmt::format(" in {}", ir::to_string(*value.storage));
    return text;
  }

  static std::string use(const Graph& graph, ValueId id) {
    return id ? "%" + spelled(graph.value(id).name) : "_";
  }

  static std::string uses(const Graph& graph, const std::vector<ValueId>& ids) {
    std::vector<std::string> parts;
    for (ValueId id : ids)
      parts.push_back(use(graph, id));
    return join(parts, ", ");
  }

  // Elements of a small tensor, `splat(x)`, or @"path" with the tensor put aside.
  std::string payload(const Tensor& tensor, const std::string& path) {
    const bool floats = is_float(tensor.type().dtype);
    auto list = [&](size_t count) {
      std::vector<std::string> parts;
      if (floats) {
        for (double value : tensor.as_doubles()) {
          parts.push_back(tensor.type().dtype == DType::kF32 ? shortest(static_cast<float>(value))
                                                             : shortest(value));
          if (parts.size() == count) break;
        }
      } else {
        for (int64_t value : tensor.as_ints()) {
          parts.push_back(fmt::format("{}", value));
          if (parts.size() == count) break;
        }
      }
      return join(parts, ", ");
    };
    if (tensor.is_splat() && tensor.type().elements() > 1) return fmt::format("splat({})", list(1));
    if (tensor.type().elements() <= kInlineElements) {
      return fmt::format("[{}]", list(static_cast<size_t>(kInlineElements)));
    }
    std::string key = path;
    for (int i = 1;; ++i) {
      const auto [at, fresh] = tensors_.emplace(key, tensor);
      if (fresh || at->second == tensor) break;
      key = fmt::format("{}#{}", path, i);
    }
    return "@" + quoted(key);
  }

  static std::string attributes(const Node& node) {
    std::vector<std::string> parts;
    for (const AttrDef& def : node.op->attrs) {
      const Attr* attr = node.attrs.find(def.name);
      if (!attr || (!def.required && *attr == def.default_value)) continue;
      parts.push_back(fmt::format("{} = {}", def.name, ir::to_string(*attr)));
    }
    return parts.empty() ? "" : fmt::format(" {{{}}}", join(parts, ", "));
  }

  GraphText body(const Graph& graph) {
    GraphText text;
    for (const Node& node : graph.nodes())
      text.nodes.push_back(node_text(graph, node));
    std::vector<std::string> outputs;
    for (const GraphOutput& output : graph.outputs) {
      std::string one = use(graph, output.value);
      if (!output.name.empty()) one = fmt::format("{} = {}", spelled(output.name), one);
      if (!output.slot.empty()) one += " -> @" + spelled(output.slot);
      outputs.push_back(std::move(one));
    }
    text.result = "return " + join(outputs, ", ");
    return text;
  }

  NodeText node_text(const Graph& graph, const Node& node) {
    std::vector<std::string> results;
    for (ValueId result : node.results)
      results.push_back(definition(graph, result));
    std::string text = join(results, ", ") + " = " + std::string(node.op->name);
    if (node.tensor) {
      text += " " + payload(*node.tensor, graph.value(node.results.front()).name);
    } else if (!node.callee.empty()) {
      text += fmt::format(" @{}({})", spelled(node.callee), uses(graph, node.operands));
    } else {
      text += fmt::format("({})", uses(graph, node.operands));
    }
    text += attributes(node);
    if (node.schedule) text += " " + ir::to_string(*node.schedule);
    if (node.regions.empty()) return {std::move(text), {}};
    const Graph& region = node.regions.front();
    std::vector<std::string> inputs;
    for (const GraphInput& input : region.inputs)
      inputs.push_back(definition(region, input.value));
    return {fmt::format("{} {{ ({}):", text, join(inputs, ", ")), {body(region)}};
  }

  std::map<std::string, Tensor>& tensors_;
};

void write_line(std::string& out, std::string_view text, size_t depth) {
  out.append(depth * 2, ' ');
  out += text;
  out += '\n';
}

void write_body(std::string& out, const GraphText& graph, size_t depth) {
  for (const NodeText& node : graph.nodes) {
    write_line(out, node.text, depth);
    if (node.regions.empty()) continue;
    write_body(out, node.regions.front(), depth + 1);
    write_line(out, "}", depth);
  }
  write_line(out, graph.result, depth);
}

void write_entry(std::string& out, const GraphText& graph) {
  if (!out.empty()) out += '\n';
  write_line(out, graph.head, 0);
  write_body(out, graph, 1);
  write_line(out, "}", 0);
}

}  // namespace

std::string to_string(const Recipe& recipe) {
  std::vector<std::string> parts;
  for (const auto& [name, attr] : recipe.attrs) {
    parts.push_back(fmt::format("{}: {}", name, ir::to_string(attr)));
  }
  return fmt::format("{}({})", recipe.kind, join(parts, ", "));
}

ModuleText text_of(const Module& module) {
  std::map<std::string, Tensor> tensors;
  return Printer(tensors).module(module);
}

Printed print(const Module& module) {
  Printed printed;
  const ModuleText text = Printer(printed.tensors).module(module);
  for (const std::string& line : text.head)
    write_line(printed.text, line, 0);
  for (const auto* graphs : {&text.kernels, &text.graphs}) {
    for (const GraphText& graph : *graphs)
      write_entry(printed.text, graph);
  }
  return printed;
}

std::string print(const Graph& graph) {
  std::map<std::string, Tensor> tensors;
  std::string text;
  write_entry(text, Printer(tensors).entry("graph", graph));
  return text;
}

}  // namespace linnet::ir
