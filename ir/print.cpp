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
  explicit Printer(Printed& out) : out_(out) {}

  void module(const Module& module) {
    line(fmt::format("lir 1\n\nmodule {}", spelled(module.name)));
    if (!module.data.empty() || !module.train.empty() || !module.slots.empty()) line("");
    for (const Declaration& declaration : module.data)
      declare("data", declaration);
    for (const Declaration& declaration : module.train)
      declare("train", declaration);
    for (const Slot& slot : module.slots)
      print_slot(slot);
    for (const Graph& kernel : module.kernels)
      entry("kernel", kernel);
    for (const Graph& graph : module.graphs)
      entry("graph", graph);
  }

  void entry(std::string_view keyword, const Graph& graph) {
    std::vector<std::string> inputs;
    for (const GraphInput& input : graph.inputs) {
      std::string text = definition(graph, input.value);
      if (!input.slot.empty()) text += " = @" + spelled(input.slot);
      inputs.push_back(std::move(text));
    }
    if (!out_.text.empty()) line("");
    line(fmt::format("{} @{}({}){} {{", keyword, spelled(graph.name), join(inputs, ", "),
                     graph.schedule ? " " + ir::to_string(*graph.schedule) : ""));
    body(graph, 1);
    line("}");
  }

private:
  void line(std::string_view text, int depth = 0) {
    out_.text.append(static_cast<size_t>(depth) * 2, ' ');
    out_.text += text;
    out_.text += '\n';
  }

  void declare(std::string_view keyword, const Declaration& declaration) {
    line(fmt::format("{} {} = {}", keyword, spelled(declaration.target),
                     to_string(declaration.recipe)));
  }

  void print_slot(const Slot& slot) {
    std::string text =
        fmt::format("slot {}{} @{}: {} = {}", slot.frozen ? "frozen " : "", name(slot.kind),
                    spelled(slot.path), ir::to_string(slot.type), to_string(slot.initializer));
    if (slot.value) text += " value " + payload(*slot.value, slot.path);
    line(text);
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
      const auto [at, fresh] = out_.tensors.emplace(key, tensor);
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

  void body(const Graph& graph, int depth) {
    for (const Node& node : graph.nodes())
      print_node(graph, node, depth);
    std::vector<std::string> outputs;
    for (const GraphOutput& output : graph.outputs) {
      std::string text = use(graph, output.value);
      if (!output.name.empty()) text = fmt::format("{} = {}", spelled(output.name), text);
      if (!output.slot.empty()) text += " -> @" + spelled(output.slot);
      outputs.push_back(std::move(text));
    }
    line("return " + join(outputs, ", "), depth);
  }

  void print_node(const Graph& graph, const Node& node, int depth) {
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
    if (node.regions.empty()) {
      line(text, depth);
      return;
    }
    const Graph& region = node.regions.front();
    std::vector<std::string> inputs;
    for (const GraphInput& input : region.inputs)
      inputs.push_back(definition(region, input.value));
    line(fmt::format("{} {{ ({}):", text, join(inputs, ", ")), depth);
    body(region, depth + 1);
    line("}", depth);
  }

  Printed& out_;
};

}  // namespace

std::string to_string(const Recipe& recipe) {
  std::vector<std::string> parts;
  for (const auto& [name, attr] : recipe.attrs) {
    parts.push_back(fmt::format("{}: {}", name, ir::to_string(attr)));
  }
  return fmt::format("{}({})", recipe.kind, join(parts, ", "));
}

Printed print(const Module& module) {
  Printed printed;
  Printer(printed).module(module);
  return printed;
}

std::string print(const Graph& graph) {
  Printed printed;
  Printer(printed).entry("graph", graph);
  return printed.text;
}

}  // namespace linnet::ir
