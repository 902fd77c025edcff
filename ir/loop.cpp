// Makes loops, checks them, and writes them out as copies of their bodies.
#include "ir/loop.h"

#include "ir/rewrite.h"
#include "ir/value_map.h"
#include "ir/var.h"

#include "support/check.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::ir {
namespace {

constexpr int64_t kMostSteps = 1 << 16;

Type without_first(Type type) {
  if (!type.shape.empty()) type.shape.erase(type.shape.begin());
  return type;
}

Type sequence(Type type, int64_t steps) {
  type.shape.insert(type.shape.begin(), steps);
  return type;
}

// Copies of the body in place of a loop.
class Steps {
public:
  Steps(Rewriter& r, const Node& node, const Graph& body)
      : r_(r), node_(node), body_(body), loop_(loop_of(node)), builder_(r.at(node.place)),
        sequences_(node.results.size()) {
    const std::vector<ValueId> operands = r.mapped(node.operands);
    const auto states = operands.begin() + loop_.states, scanned = states + loop_.scanned;
    states_.assign(operands.begin(), states);
    scanned_.assign(states, scanned);
    others_.assign(scanned, operands.end());
  }

  void run() {
    std::vector<ValueId> results;
    for (int64_t i = 0; i < loop_.steps; ++i)
      results = step(step_at(loop_, i));
    for (size_t i = 0; i < node_.results.size(); ++i) {
      const ValueId old = node_.results[i];
      ValueId value = i < results.size() ? results[i] : ValueId{};
      if (is_sequence(loop_, i)) {
        if (loop_.reverse) std::ranges::reverse(sequences_[i]);
        value = sequences_[i].size() == 1
                    ? sequences_[i].front()
                    : builder_.create(ops::concat, sequences_[i], {{"dim", int64_t{0}}});
      }
      r_.rename(value, r_.old().value(old).name);
      r_.replace(old, value);
    }
  }

private:
  std::vector<ValueId> step(int64_t t) {
    std::vector<ValueId> inputs = states_;
    for (ValueId value : scanned_) {
      const Var all(builder_, value);
      inputs.push_back(reshaped(sliced(all, 0, t, 1), without_first(all.type()).shape).id());
    }
    inputs.insert(inputs.end(), others_.begin(), others_.end());
    const std::vector<ValueId> results = copy(inputs);
    states_.assign(results.begin(), results.begin() + loop_.states);
    for (size_t i = 0; i < results.size(); ++i) {
      if (!is_sequence(loop_, i)) continue;
      const Var one(builder_, results[i]);
      sequences_[i].push_back(reshaped(one, sequence(one.type(), 1).shape).id());
    }
    return results;
  }

  std::vector<ValueId> copy(const std::vector<ValueId>& inputs) {
    ValueMap<ValueId> now(body_);
    for (size_t i = 0; i < inputs.size(); ++i)
      now[body_.inputs[i].value] = inputs[i];
    for (const Node& inner : body_.nodes()) {
      Node copied = inner;
      for (ValueId& operand : copied.operands)
        operand = operand ? now[operand] : operand;
      std::vector<Type> types;
      std::vector<std::string> names;
      for (ValueId result : inner.results) {
        types.push_back(body_.value(result).type);
        names.push_back(body_.value(result).name);
      }
      const NodeId made = r_.graph().append(std::move(copied), types, names);
      for (size_t i = 0; i < inner.results.size(); ++i)
        now[inner.results[i]] = r_.graph().node(made).results[i];
    }
    std::vector<ValueId> results;
    for (const GraphOutput& output : body_.outputs)
      results.push_back(now[output.value]);
    return results;
  }

  Rewriter& r_;
  const Node& node_;
  const Graph& body_;
  Loop loop_;
  Builder builder_;
  std::vector<ValueId> states_, scanned_, others_;
  std::vector<std::vector<ValueId>> sequences_;  // by result
};

std::optional<std::string> operand_fault(const Graph& graph, const Node& node, const Graph& body) {
  const Loop loop = loop_of(node);
  for (size_t i = 0; i < node.operands.size(); ++i) {
    if (!node.operands[i]) return "an operand is missing";
    Type given = graph.value(node.operands[i]).type;
    const auto at = static_cast<int64_t>(i) - loop.states;
    if (at >= 0 && at < loop.scanned) {
      if (given.shape.empty() || given.shape[0] != loop.steps)
        return fmt::format("operand {} is {}, which {} steps cannot share out", i, to_string(given),
                           loop.steps);
      given = without_first(given);
    }
    const Type& wanted = body.value(body.inputs[i].value).type;
    if (!given.same_logical(wanted))
      return fmt::format("operand {} is {} in a step, the body takes {}", i, to_string(given),
                         to_string(wanted));
    if (at < 0 && !body.value(body.outputs[i].value).type.same_logical(given))
      return fmt::format("state {} is {}, the body's next is {}", i, to_string(given),
                         to_string(body.value(body.outputs[i].value).type));
  }
  return std::nullopt;
}

}  // namespace

Loop loop_of(const Node& node) {
  return {node.attrs.get(kSteps), node.attrs.get(kStates), node.attrs.get(kScanned),
          node.attrs.get(kCollected), node.attrs.get(kReverse)};
}

bool is_sequence(const Loop& loop, size_t i) {
  const auto at = static_cast<int64_t>(i);
  return at >= loop.states || std::ranges::find(loop.collected, at) != loop.collected.end();
}

std::vector<ValueId> append_loop(const Builder& builder, const Loop& loop, Graph body,
                                 std::vector<ValueId> operands) {
  std::vector<Type> types;
  std::vector<std::string> names;
  for (size_t i = 0; i < body.outputs.size(); ++i) {
    const Value& value = body.value(body.outputs[i].value);
    types.push_back(is_sequence(loop, i) ? sequence(value.type, loop.steps) : value.type);
    names.push_back(value.name);
  }
  Node node;
  node.op = &ops::loop;
  node.place = builder.place();
  node.operands = std::move(operands);
  auto attrs = complete_attrs(ops::loop, {{"steps", loop.steps},
                                          {"states", loop.states},
                                          {"scanned", loop.scanned},
                                          {"collected", loop.collected},
                                          {"reverse", loop.reverse}});
  LINNET_CHECK(attrs.has_value(), "attributes of a loop");
  node.attrs = std::move(*attrs);
  node.regions.push_back(std::move(body));
  Graph& graph = builder.graph();
  const NodeId id = graph.append(std::move(node), types, names);
  const auto fault = loop_fault(graph, graph.node(id), graph.node(id).regions.front());
  LINNET_CHECK(!fault, "a loop: " + fault.value_or(""));
  return graph.node(id).results;
}

bool is_call(const Node& node) {
  return node.op == &ops::call || node.op == &ops::loop;
}

std::vector<const Node*> calls_of(const Graph& graph) {
  std::vector<const Node*> calls;
  for (const Node& node : graph.nodes()) {
    if (is_call(node)) calls.push_back(&node);
  }
  return calls;
}

const Graph& body_of(const Module& module, const Node& node) {
  if (!node.regions.empty()) return node.regions.front();
  const Graph* body = module.graph(node.callee);
  LINNET_CHECK(body != nullptr, "no graph @" + node.callee);
  return *body;
}

std::optional<std::string> loop_fault(const Graph& graph, const Node& node, const Graph& body) {
  const Loop loop = loop_of(node);
  if (loop.steps < 1 || loop.steps > kMostSteps)
    return fmt::format("{} steps; 1 to {} are expected", loop.steps, kMostSteps);
  const auto operands = static_cast<int64_t>(node.operands.size());
  const auto outputs = static_cast<int64_t>(body.outputs.size());
  if (loop.states < 0 || loop.scanned < 0 || loop.states > operands ||
      loop.scanned > operands - loop.states)
    return fmt::format("{} states and {} scanned of {} operands", loop.states, loop.scanned,
                       operands);
  if (loop.states > outputs)
    return fmt::format("{} states, and the body gives {}", loop.states, outputs);
  if (node.operands.size() != body.inputs.size()) return "operands do not match the body";
  for (int64_t state : loop.collected) {
    if (state < 0 || state >= loop.states)
      return fmt::format("collected = {}, which is no state", state);
  }
  if (auto fault = operand_fault(graph, node, body)) return fault;
  if (node.results.size() != body.outputs.size()) return "results do not match the body";
  for (size_t i = 0; i < node.results.size(); ++i) {
    const Type& made = graph.value(node.results[i]).type;
    Type given = body.value(body.outputs[i].value).type;
    if (is_sequence(loop, i)) given = sequence(given, loop.steps);
    if (!made.same_logical(given))
      return fmt::format("result {} is {}, the loop gives {}", i, to_string(made),
                         to_string(given));
  }
  return std::nullopt;
}

bool has_loops(const Graph& graph) {
  return std::ranges::any_of(graph.nodes(), [](const Node& node) { return node.op == &ops::loop; });
}

bool is_loop_body(const Module& module, const Graph& graph) {
  return std::ranges::any_of(module.graphs, [&](const Graph& other) {
    return std::ranges::any_of(other.nodes(), [&](const Node& node) {
      return node.op == &ops::loop && node.callee == graph.name;
    });
  });
}

Graph without_loops(const Module& module, const Graph& graph,
                    const std::function<bool(const Node&)>& wanted) {
  if (!has_loops(graph)) return graph;
  return rewrite(graph, [&](Rewriter& r, NodeId, const Node& node) {
    if (node.op != &ops::loop || !wanted(node)) return false;
    Steps(r, node, body_of(module, node)).run();
    return true;
  });
}

}  // namespace linnet::ir
