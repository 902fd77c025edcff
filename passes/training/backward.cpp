// Walks a graph backwards and sums the gradients that each user of a value contributes.
#include "passes/training/backward.h"

#include "ir/gradient.h"
#include "ir/loop.h"
#include "ir/rewrite.h"
#include "ir/value_map.h"
#include "passes/lib/label.h"
#include "passes/lib/rewrite_graphs.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

namespace linnet::passes {
namespace {

bool floats(const ir::Graph& graph, ir::ValueId value) {
  return is_float(graph.value(value).type.dtype);
}

class Reverse {
public:
  Reverse(ir::Graph& graph, ir::ValueId root, std::span<const ir::ValueId> by)
      : graph_(graph), root_(root), wanted_(ir::dependents(graph, by)), gradients_(graph) {}

  void run() {
    const auto count = static_cast<int32_t>(graph_.nodes().size());
    const ir::Node* last = graph_.producer(root_);
    ir::Builder start = ir::Builder(graph_).at(last ? last->place : ir::Place());
    const ir::Type& type = graph_.value(root_).type;
    set(root_, start.constant(ir::Tensor::splat({type.dtype, type.shape, {}}, 1)));
    for (int32_t i = count; i-- > 0;)
      step({i});
  }

  [[nodiscard]] ir::ValueId of(ir::ValueId value) const { return gradients_[value]; }

private:
  void set(ir::ValueId value, ir::ValueId gradient) { gradients_[value] = gradient; }

  void step(ir::NodeId id) {
    // Copies: nodes move as gradients are appended.
    const ir::Node node = graph_.node(id);
    if (node.results.size() != 1 || !of(node.results.front())) return;
    const ir::ValueId result = node.results.front();
    if (!wanted_[result] || !ir::differentiable(*node.op)) return;
    const auto count = node.operands.size();
    const auto wanted = std::make_unique<bool[]>(count);
    for (size_t i = 0; i < count; ++i) {
      const ir::ValueId operand = node.operands[i];
      wanted[i] = operand && wanted_[operand] && floats(graph_, operand);
    }
    ir::Builder builder = ir::Builder(graph_).at(node.place);
    const ir::GradientContext context(builder, node.operands, result, of(result), node.attrs,
                                      {wanted.get(), count});
    const auto parts =
        node.op->gradient ? node.op->gradient(context) : ir::scalar_gradient(*node.op, context);
    for (size_t i = 0; i < parts.size(); ++i) {
      if (!wanted[i] || !parts[i]) continue;
      const ir::ValueId operand = node.operands[i];
      const ir::ValueId before = of(operand);
      set(operand, before ? builder.create(ir::ops::add, {before, parts[i]}) : parts[i]);
      const std::string& name = graph_.value(operand).name;
      graph_.rename(of(operand), "d_" + name);
    }
  }

  ir::Graph& graph_;
  ir::ValueId root_;
  ir::ValueMap<bool> wanted_;
  ir::ValueMap<ir::ValueId> gradients_;  // of the forward graph
};

// The last node on the way from `value` to the root that gives no floats, if the root depends on
// the value.
std::optional<Blocked> obstacle(const ir::Graph& graph, size_t nodes, ir::ValueId root,
                                ir::ValueId value) {
  const ir::ValueId by[] = {value};
  const auto depends = ir::dependents(graph, by);
  if (!depends[root]) return std::nullopt;
  for (size_t i = 0; i < nodes; ++i) {
    const ir::Node& node = graph.nodes()[i];
    const ir::ValueId result = node.results.front();
    if (!depends[result]) continue;
    if (!floats(graph, result)) {
      return Blocked{node.place,
                     fmt::format("no gradient of %{} passes through {}, whose result is {}",
                                 graph.value(value).name, label(graph, node),
                                 name(graph.value(result).type.dtype))};
    }
    if (!ir::differentiable(*node.op)) {
      return Blocked{node.place, fmt::format("no gradient of %{} passes through {}",
                                             graph.value(value).name, label(graph, node))};
    }
  }
  return std::nullopt;  // its slope is 0 everywhere: floor, or a product with 0
}

}  // namespace

Gradients append_gradients(ir::Graph& graph, ir::ValueId root, std::span<const ir::ValueId> by) {
  const size_t nodes = graph.nodes().size();
  Reverse reverse(graph, root, by);
  reverse.run();
  Gradients gradients;
  for (ir::ValueId value : by) {
    ir::ValueId gradient = reverse.of(value);
    if (!gradient) {
      if (auto blocked = obstacle(graph, nodes, root, value))
        gradients.blocked.push_back(std::move(*blocked));
    }
    gradients.values.push_back(gradient);
  }
  return gradients;
}

ir::Graph expand_for_gradient(const ir::Module& module, const ir::Graph& graph) {
  const auto expands = [](const ir::Node& node) {
    return node.op->expand && !node.op->gradient && !node.op->scalar;
  };
  ir::Graph result = ir::without_loops(module, graph);
  // What an op expands to may hold another that expands.
  while (std::ranges::any_of(result.nodes(), expands)) {
    result = ir::rewrite(result, [&](ir::Rewriter& r, ir::NodeId, const ir::Node& node) {
      if (!expands(node)) return false;
      expand(r, node);
      return true;
    });
  }
  return result;
}

}  // namespace linnet::passes
