#include "ir/op_def.h"
#include "passes/fold.h"
#include "passes/graphs.h"
#include "passes/passes.h"
#include "passes/schedule/anchors.h"

#include <set>

namespace linnet::passes {
namespace {

using ir::Node;

// The data movement that the anchor of a group reads, in the graph around it.
std::vector<const Node*> prologue(const ir::Graph& graph, const Node& group) {
  const auto parts = anchor_group(group.regions.front());
  std::set<size_t> found;  // nodes, in the graph's order
  for (size_t i = 0; parts && i < parts->source.size(); ++i) {
    const Node* node = graph.producer(group.operands[parts->source[i]]);
    while (node && node->op->has(ir::kDataMovement) && node->operands.size() == 1) {
      found.insert(static_cast<size_t>(node - graph.nodes().data()));
      node = graph.producer(node->operands.front());
    }
  }
  std::vector<const Node*> nodes;
  for (size_t i : found)
    nodes.push_back(&graph.nodes()[i]);
  return nodes;
}

}  // namespace

ir::Module fuse_prologue(ir::Module module, PassContext& context) {
  module = rewrite_graphs(std::move(module), [&](ir::Rewriter& r, ir::NodeId, const Node& node) {
    if (node.op != &ir::ops::group) return false;
    const ir::Graph& graph = r.old();
    const auto nodes = prologue(graph, node);
    if (nodes.empty()) return false;
    GroupMaker group(graph);
    for (const Node* part : nodes)
      group.add(*part);
    group.add(node);
    const GroupMaker::Group joined = group.make(node.results.front());
    Candidate candidate{joined.body, {}, context.target};
    for (ir::ValueId operand : joined.operands)
      candidate.constant.push_back(constant_node(graph, operand) != nullptr);
    const std::string name = label(graph, node);
    if (choose_schedule(candidate).family == "generic") {
      context.refused(node.place,
                      name + " has no kernel that reads " + label(graph, *nodes[0]) + " in place");
      return false;
    }
    if (!context.may_rewrite(nodes[0]->place, label(graph, *nodes[0]) + " joins " + name))
      return false;
    group.finish(r, node.results.front());
    return true;
  });
  return drop_dead(std::move(module), context);
}

}  // namespace linnet::passes
