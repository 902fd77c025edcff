// Writes each graph as a cluster: a box for a node, an edge for a value with its type.
#include "ir/dot.h"

#include "ir/op_def.h"

#include <fmt/format.h>

namespace linnet::ir {
namespace {

std::string escaped(const std::string& text) {
  std::string result;
  for (char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

class DotWriter {
public:
  std::string run(const Module& module) {
    text_ = fmt::format("digraph \"{}\" {{\n  node [shape=box, fontname=\"Helvetica\"];\n"
                        "  edge [fontname=\"Helvetica\", fontsize=9];\n",
                        escaped(module.name));
    for (const Graph& graph : module.graphs)
      cluster(graph);
    for (const Graph& kernel : module.kernels)
      cluster(kernel);
    return text_ + "}\n";
  }

private:
  void cluster(const Graph& graph) {
    const int number = clusters_++;
    const auto id = [&](std::string_view kind, int32_t index) {
      return fmt::format("g{}_{}{}", number, kind, index);
    };
    text_ += fmt::format("  subgraph cluster_{} {{\n    label=\"@{}{}\";\n", number, graph.name,
                         graph.schedule ? " " + to_string(*graph.schedule) : "");
    for (const GraphInput& input : graph.inputs) {
      text_ += fmt::format("    {} [label=\"{}\", shape=ellipse];\n", id("v", input.value.index),
                           escaped(graph.value(input.value).name));
    }
    for (size_t i = 0; i < graph.nodes().size(); ++i) {
      const Node& node = graph.nodes()[i];
      if (node.tensor) continue;
      text_ += fmt::format("    {} [label=\"{}\"];\n", id("n", static_cast<int32_t>(i)),
                           escaped(node_label(node)));
      for (ValueId operand : node.operands) {
        const Node* producer = operand ? graph.producer(operand) : nullptr;
        if (!operand || (producer && producer->tensor)) continue;
        text_ += edge(graph, id, operand, id("n", static_cast<int32_t>(i)));
      }
    }
    for (size_t i = 0; i < graph.outputs.size(); ++i) {
      const std::string to = id("o", static_cast<int32_t>(i));
      text_ += fmt::format("    {} [label=\"{}\", shape=ellipse];\n", to,
                           escaped(graph.outputs[i].name));
      text_ += edge(graph, id, graph.outputs[i].value, to);
    }
    text_ += "  }\n";
  }

  template <class Id>
  std::string edge(const Graph& graph, const Id& id, ValueId value, const std::string& to) {
    const NodeId producer = graph.value(value).node;
    const std::string from = producer ? id("n", producer.index) : id("v", value.index);
    return fmt::format("    {} -> {} [label=\"{}\"];\n", from, to,
                       escaped(to_string(graph.value(value).type)));
  }

  static std::string node_label(const Node& node) {
    std::string text = node.callee.empty() ? std::string(node.op->name)
                                           : fmt::format("{} @{}", node.op->name, node.callee);
    if (node.schedule) text += " " + to_string(*node.schedule);
    for (const Graph& region : node.regions) {
      text += ":";
      for (const Node& inner : region.nodes()) {
        if (!inner.tensor) text += fmt::format(" {}", inner.op->name);
      }
    }
    return text;
  }

  std::string text_;
  int clusters_ = 0;
};

}  // namespace

std::string dot(const Module& module) {
  return DotWriter().run(module);
}

}  // namespace linnet::ir
