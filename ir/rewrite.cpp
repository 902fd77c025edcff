// Maps the values of an old graph to those of the new one while nodes are copied or replaced.
#include "ir/rewrite.h"

#include "ir/value_map.h"
namespace linnet::ir {

Rewriter::Rewriter(const Graph& old) : Rewriter(old, [](const GraphInput&) { return true; }) {}

Rewriter::Rewriter(const Graph& old, const std::function<bool(const GraphInput&)>& keep)
    : old_(&old), map_(old.values().size()) {
  new_.name = old.name;
  new_.schedule = old.schedule;
  for (const GraphInput& input : old.inputs) {
    if (!keep(input)) continue;
    const Value& value = old.value(input.value);
    const ValueId copied = new_.add_input(value.name, value.type, input.slot);
    new_.value(copied).storage = value.storage;
    replace(input.value, copied);
  }
}

ValueId Rewriter::operator[](ValueId old) const {
  if (!old) return old;
  const ValueId value = map_[static_cast<size_t>(old.index)];
  LINNET_CHECK(bool(value), "value %" + old_->value(old).name + " was dropped but is still used");
  return value;
}

std::vector<ValueId> Rewriter::mapped(const std::vector<ValueId>& old) const {
  std::vector<ValueId> values;
  for (ValueId value : old)
    values.push_back((*this)[value]);
  return values;
}

void Rewriter::replace(ValueId old, ValueId replacement) {
  map_[static_cast<size_t>(old.index)] = replacement;
}

void Rewriter::copy(const Node& node) {
  Node copied = node;
  copied.operands = mapped(node.operands);
  std::vector<Type> types;
  std::vector<std::string> names;
  for (ValueId result : node.results) {
    types.push_back(old_->value(result).type);
    names.push_back(old_->value(result).name);
  }
  const NodeId id = new_.append(std::move(copied), types, names);
  for (size_t i = 0; i < node.results.size(); ++i) {
    const ValueId result = new_.node(id).results[i];
    new_.value(result).storage = old_->value(node.results[i]).storage;
    replace(node.results[i], result);
  }
}

Graph Rewriter::finish() {
  for (const GraphOutput& output : old_->outputs) {
    new_.outputs.push_back({output.name, (*this)[output.value], output.slot});
  }
  return std::move(new_);
}

Graph rewrite(const Graph& graph,
              const std::function<bool(Rewriter&, NodeId, const Node&)>& visit) {
  Rewriter rewriter(graph);
  for (size_t i = 0; i < graph.nodes().size(); ++i) {
    const Node& node = graph.nodes()[i];
    if (!visit(rewriter, {static_cast<int32_t>(i)}, node)) rewriter.copy(node);
  }
  return rewriter.finish();
}

std::vector<bool> needed_nodes(const Graph& graph,
                               const std::function<bool(const Node&)>& may_drop) {
  ValueMap<bool> live(graph, false);
  for (const GraphOutput& output : graph.outputs)
    live[output.value] = true;
  std::vector<bool> needed(graph.nodes().size(), false);
  for (size_t i = graph.nodes().size(); i-- > 0;) {
    const Node& node = graph.nodes()[i];
    for (ValueId result : node.results)
      needed[i] = needed[i] || live[result];
    if (!needed[i]) needed[i] = !may_drop(node);
    if (!needed[i]) continue;
    for (ValueId operand : node.operands) {
      if (operand) live[operand] = true;
    }
  }
  return needed;
}

Graph without_unused(const Graph& graph, const std::function<bool(const Node&)>& may_drop) {
  const std::vector<bool> needed = needed_nodes(graph, may_drop);
  return rewrite(graph, [&](Rewriter&, NodeId id, const Node&) {
    return !needed[static_cast<size_t>(id.index)];
  });
}

}  // namespace linnet::ir
