// The pass outline_loops: the body of a loop becomes a graph that later passes treat as any other.
#include "ir/entries.h"
#include "ir/loop.h"
#include "ir/op_def.h"
#include "ir/rewrite.h"
#include "ir/value_map.h"
#include "passes/lib/label.h"
#include "passes/passes.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace linnet::passes {
namespace {

using ir::ValueId;

// Nodes whose values constants alone decide, and those constants.
std::vector<bool> constant_nodes(const ir::Graph& graph) {
  ir::ValueMap<bool> known(graph, false);
  std::vector<bool> constant;
  for (const ir::Node& node : graph.nodes()) {
    const bool all = std::ranges::all_of(
        node.operands, [&](ValueId operand) { return !operand || known[operand]; });
    const bool plain = !node.op->has(ir::kStructural) && !node.op->has(ir::kRandom);
    constant.push_back(node.tensor || (plain && !node.operands.empty() && all));
    for (ValueId result : node.results)
      known[result] = constant.back();
  }
  return constant;
}

// A body with copies of what it reads of constants; the other operands of the loop stay.
class Body {
public:
  Body(const ir::Graph& graph, const ir::Node& node)
      : graph_(graph), constant_(constant_nodes(graph)), needed_(graph.nodes().size(), false),
        old_(node.regions.front()), loop_(ir::loop_of(node)), node_(node) {}

  ir::Graph run(std::vector<ValueId>& operands) {
    ir::Rewriter r(old_, [&](const ir::GraphInput& input) {
      return !stays(static_cast<size_t>(&input - old_.inputs.data()));
    });
    for (size_t i = 0; i < old_.inputs.size(); ++i) {
      if (stays(i)) {
        need(node_.operands[i]);
      } else {
        operands.push_back(node_.operands[i]);
      }
    }
    copy_needed(r);
    for (size_t i = 0; i < old_.inputs.size(); ++i) {
      if (stays(i)) r.replace(old_.inputs[i].value, made_[node_.operands[i].index]);
    }
    for (const ir::Node& node : old_.nodes())
      r.copy(node);
    return r.finish();
  }

private:
  // Is operand `i` the same in every step, and known now?
  [[nodiscard]] bool stays(size_t i) const {
    const ir::NodeId maker = graph_.value(node_.operands[i]).node;
    return static_cast<int64_t>(i) >= loop_.states + loop_.scanned && maker &&
           constant_[static_cast<size_t>(maker.index)];
  }
  void need(ValueId value) {
    const ir::NodeId maker = graph_.value(value).node;
    if (!value || needed_[static_cast<size_t>(maker.index)]) return;
    needed_[static_cast<size_t>(maker.index)] = true;
    for (ValueId operand : graph_.node(maker).operands) {
      if (operand) need(operand);
    }
  }
  void copy_needed(ir::Rewriter& r) {
    for (size_t i = 0; i < needed_.size(); ++i) {
      if (!needed_[i]) continue;
      ir::Node copied = graph_.nodes()[i];
      std::vector<ir::Type> types;
      std::vector<std::string> names;
      for (ValueId& operand : copied.operands)
        operand = operand ? made_[operand.index] : operand;
      for (ValueId result : copied.results) {
        types.push_back(graph_.value(result).type);
        names.push_back(graph_.value(result).name);
      }
      const std::vector<ValueId> results = copied.results;
      const ir::NodeId id = r.graph().append(std::move(copied), types, names);
      for (size_t k = 0; k < results.size(); ++k)
        made_[results[k].index] = r.graph().node(id).results[k];
    }
  }

  const ir::Graph& graph_;
  std::vector<bool> constant_, needed_;
  const ir::Graph& old_;
  ir::Loop loop_;
  const ir::Node& node_;
  std::map<int32_t, ValueId> made_;  // by the graph's value
};

bool is_empty(const ir::Graph& graph, const ir::Node& node) {
  const auto empty = [&](ValueId value) { return graph.value(value).type.elements() == 0; };
  return std::ranges::any_of(node.operands, empty) || std::ranges::any_of(node.results, empty);
}

}  // namespace

ir::Module outline_loops(ir::Module module, PassContext& context) {
  // Gradients run back through the steps, and parameters are no constants.
  const bool trains =
      module.graph(ir::kTrainStep) || module.graph(ir::kUpdate) || module.graph(ir::kEvaluate);
  std::vector<ir::Graph> bodies;
  for (ir::Graph& graph : module.graphs) {
    graph = ir::without_loops(module, graph, [&](const ir::Node& node) {
      const bool once = ir::loop_of(node).steps == 1 || is_empty(graph, node);
      return node.callee.empty() && (trains || once) &&
             context.may_rewrite(node.place, label(graph, node) + " is written out");
    });
    int count = 0;
    graph = ir::rewrite(graph, [&](ir::Rewriter& r, ir::NodeId, const ir::Node& node) {
      if (node.op != &ir::ops::loop || !node.callee.empty()) return false;
      const std::string name = fmt::format("{}.loop{}", graph.name, ++count);
      if (!context.may_rewrite(node.place, label(graph, node) + " has its body in @" + name))
        return false;
      ir::Node outlined = node;
      std::vector<ValueId> operands;
      bodies.push_back(Body(graph, node).run(operands));
      bodies.back().name = name;
      outlined.regions.clear();
      outlined.callee = name;
      outlined.operands = std::move(operands);
      r.copy(outlined);
      return true;
    });
    graph =
        ir::without_unused(graph, [&](const ir::Node& node) { return node.tensor.has_value(); });
  }
  for (ir::Graph& body : bodies)
    module.graphs.push_back(std::move(body));
  return module;
}

}  // namespace linnet::passes
