// Groups: nodes that become one kernel.
#include "passes/lib/group_maker.h"

#include "ir/op_def.h"

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

GroupMaker::Group GroupMaker::make(ir::ValueId result) const {
  ir::Graph body;
  std::vector<ir::ValueId> operands;
  std::map<int32_t, ir::ValueId> inner;  // by value of the old graph
  // Inputs come first in a graph: found before the body is built.
  const auto is_made = [&](ir::ValueId value) {
    const ir::Node* producer = graph_->producer(value);
    for (const ir::Node* node : nodes_) {
      if (node == producer) return true;
    }
    return producer && stays_inside(*producer);
  };
  for (const ir::Node* node : nodes_) {
    for (ir::ValueId operand : node->operands) {
      if (is_made(operand) || inner.contains(operand.index)) continue;
      const ir::Value& value = graph_->value(operand);
      inner[operand.index] = body.add_input(value.name, value.type);
      operands.push_back(operand);
    }
  }
  const auto copy = [&](const ir::Graph& from, const ir::Node& node,
                        const std::vector<ir::ValueId>& mapped) {
    ir::Node copied = node;
    copied.operands = mapped;
    std::vector<ir::Type> types;
    std::vector<std::string> names;
    for (ir::ValueId value : node.results) {
      types.push_back(from.value(value).type);
      names.push_back(from.value(value).name);
    }
    return body.node(body.append(std::move(copied), types, names)).results;
  };
  const auto map_operand = [&](ir::ValueId operand) {
    if (!inner.contains(operand.index)) {  // a constant that stays inside
      const ir::Node& constant = *graph_->producer(operand);
      inner[operand.index] = copy(*graph_, constant, {}).front();
    }
    return inner[operand.index];
  };
  for (const ir::Node* node : nodes_) {
    std::vector<ir::ValueId> mapped;
    for (ir::ValueId operand : node->operands)
      mapped.push_back(map_operand(operand));
    if (node->regions.empty()) {
      inner[node->results.front().index] = copy(*graph_, *node, mapped).front();
      continue;
    }
    const ir::Graph& nested = node->regions.front();
    std::map<int32_t, ir::ValueId> from_nested;
    for (size_t i = 0; i < nested.inputs.size(); ++i)
      from_nested[nested.inputs[i].value.index] = mapped[i];
    for (const ir::Node& part : nested.nodes()) {
      std::vector<ir::ValueId> part_operands;
      for (ir::ValueId operand : part.operands)
        part_operands.push_back(from_nested[operand.index]);
      from_nested[part.results.front().index] = copy(nested, part, part_operands).front();
    }
    inner[node->results.front().index] = from_nested[nested.outputs.front().value.index];
  }
  body.outputs.push_back({"", inner[result.index], ""});
  return {std::move(body), std::move(operands)};
}

void GroupMaker::finish(ir::Rewriter& rewriter, ir::ValueId result) {
  Group group = make(result);
  const auto results =
      rewriter.at(place_).group(std::move(group.body), rewriter.mapped(group.operands),
                                std::nullopt, {graph_->value(result).name});
  rewriter.replace(result, results.front());
}

}  // namespace linnet::passes
