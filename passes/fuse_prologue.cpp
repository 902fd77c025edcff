// The pass fuse_prologue: data movement before an anchor is read in place.
#include "ir/op_def.h"
#include "passes/lib/candidate.h"
#include "passes/lib/group_maker.h"
#include "passes/lib/label.h"
#include "passes/lib/rewrite_graphs.h"
#include "passes/passes.h"
#include "passes/schedule/anchors.h"
#include "passes/schedule/families.h"

#include <set>

namespace linnet::passes {
namespace {

using ir::Node;

// The data movement that the anchor of a group reads its operands `of` through, in the graph around
// it.
std::vector<const Node*> prologue(const ir::Graph& graph, const Node& group,
                                  const std::vector<size_t>& of) {
  const auto parts = anchor_group(group.regions.front());
  std::set<size_t> found;  // nodes, in the graph's order
  for (size_t i : of) {
    if (!parts) break;
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

bool has_kernel(const ir::Graph& graph, const GroupMaker::Group& group,
                const PassContext& context) {
  return has_fast_kernel(candidate_of(group.body, graph, group.operands, context));
}

}  // namespace

ir::Module fuse_prologue(ir::Module module, PassContext& context) {
  module = rewrite_graphs(std::move(module), [&](ir::Rewriter& r, ir::NodeId, const Node& node) {
    if (node.op != &ir::ops::group) return false;
    const ir::Graph& graph = r.old();
    const std::string name = label(graph, node);
    for (const auto& operands : {std::vector<size_t>{0, 1}, {1}, {0}}) {
      const auto nodes = prologue(graph, node, operands);
      if (nodes.empty()) continue;
      GroupMaker group(graph);
      for (const Node* part : nodes)
        group.add(*part);
      group.add(node);
      if (!has_kernel(graph, group.make(node.results.front()), context)) {
        context.refused(node.place, name + " has no kernel that reads " +
                                        label(graph, *nodes.front()) + " in place");
        continue;
      }
      if (!context.may_rewrite(nodes.front()->place,
                               label(graph, *nodes.front()) + " joins " + name))
        return false;
      group.finish(r, node.results.front());
      return true;
    }
    return false;
  });
  return drop_dead(std::move(module), context);
}

}  // namespace linnet::passes
