// Groups: nodes that become one kernel.
#include "passes/lib/group_maker.h"

#include "ir/op_def.h"

#include <algorithm>
#include <map>

namespace linnet::passes {

bool stays_inside(const ir::Node& node) {
  if (!node.tensor) return false;
  const bool opaque = node.attrs.get_or(ir::kOpaque, false);
  return !opaque && node.tensor->is_splat();
}

void GroupMaker::add(const ir::Node& node) {
  nodes_.push_back(&node);
  place_.merge(node.place);
}

namespace {

// Does an anchor read operand `i` of a node? It is memory then, even where all its elements are
// equal: families read it so.
bool is_memory(const ir::Node& node, size_t i) {
  if (node.regions.empty()) return node.op->has(ir::kAnchor);
  const ir::Graph& body = node.regions.front();
  return std::ranges::any_of(body.nodes(), [&](const ir::Node& inner) {
    return inner.op->has(ir::kAnchor) &&
           std::ranges::find(inner.operands, body.inputs[i].value) != inner.operands.end();
  });
}

// A copy of nodes in a graph of their own.
class Body {
public:
  explicit Body(const ir::Graph& from) : from_(from) {}

  // Inputs come first in a graph: added before any node.
  void input(ir::ValueId operand) {
    const ir::Value& value = from_.value(operand);
    inner_[operand.index] = body_.add_input(value.name, value.type);
  }
  [[nodiscard]] bool has(ir::ValueId value) const { return inner_.contains(value.index); }

  void node(const ir::Node& node) {
    std::vector<ir::ValueId> mapped;
    for (ir::ValueId operand : node.operands)
      mapped.push_back(inner(operand));
    inner_[node.results.front().index] =
        node.regions.empty() ? copy(from_, node, mapped) : nested(node.regions.front(), mapped);
  }

  ir::Graph finish(ir::ValueId result) {
    body_.outputs.push_back({"", inner_.at(result.index), ""});
    return std::move(body_);
  }

private:
  using Mapped = std::map<int32_t, ir::ValueId>;  // by value of another graph

  ir::ValueId copy(const ir::Graph& from, const ir::Node& node,
                   const std::vector<ir::ValueId>& mapped) {
    ir::Node copied = node;
    copied.operands = mapped;
    std::vector<ir::Type> types;
    std::vector<std::string> names;
    for (ir::ValueId value : node.results) {
      types.push_back(from.value(value).type);
      names.push_back(from.value(value).name);
    }
    return body_.node(body_.append(std::move(copied), types, names)).results.front();
  }

  ir::ValueId inner(ir::ValueId operand) {
    if (!has(operand))  // a constant that stays inside
      inner_[operand.index] = copy(from_, *from_.producer(operand), {});
    return inner_[operand.index];
  }

  // The nodes of a group that becomes part of this one.
  ir::ValueId nested(const ir::Graph& group, const std::vector<ir::ValueId>& operands) {
    Mapped values;
    for (size_t i = 0; i < group.inputs.size(); ++i)
      values[group.inputs[i].value.index] = operands[i];
    for (const ir::Node& part : group.nodes()) {
      std::vector<ir::ValueId> mapped;
      for (ir::ValueId operand : part.operands)
        mapped.push_back(values[operand.index]);
      values[part.results.front().index] = copy(group, part, mapped);
    }
    return values[group.outputs.front().value.index];
  }

  const ir::Graph& from_;
  ir::Graph body_;
  Mapped inner_;
};

}  // namespace

GroupMaker::Group GroupMaker::make(ir::ValueId result) const {
  Body body(*graph_);
  std::vector<ir::ValueId> operands;
  const auto is_made = [&](ir::ValueId value, bool memory) {
    const ir::Node* producer = graph_->producer(value);
    if (std::ranges::find(nodes_, producer) != nodes_.end()) return true;
    return producer && !memory && stays_inside(*producer);
  };
  for (const ir::Node* node : nodes_) {
    for (size_t i = 0; i < node->operands.size(); ++i) {
      const ir::ValueId operand = node->operands[i];
      if (is_made(operand, is_memory(*node, i)) || body.has(operand)) continue;
      body.input(operand);
      operands.push_back(operand);
    }
  }
  for (const ir::Node* node : nodes_)
    body.node(*node);
  return {body.finish(result), std::move(operands)};
}

void GroupMaker::finish(ir::Rewriter& rewriter, ir::ValueId result) {
  Group group = make(result);
  const auto results =
      rewriter.at(place_).group(std::move(group.body), rewriter.mapped(group.operands),
                                std::nullopt, {graph_->value(result).name});
  rewriter.replace(result, results.front());
}

}  // namespace linnet::passes
