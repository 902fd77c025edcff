#include "ir/op_def.h"
#include "passes/graphs.h"
#include "passes/passes.h"

#include <set>

namespace linnet::passes {
namespace {

using ir::Node;

bool needs_kernel(const Node& node) {
  return !node.op->has(ir::kStructural) && !node.op->has(ir::kView);
}

// Cheap to compute where it is read: what follows may take it in.
bool joins_its_user(const Node& node) {
  return node.op->has(ir::kElementwise) || node.op->has(ir::kReduction) ||
         (node.op->has(ir::kDataMovement) && !node.op->has(ir::kView));
}
// Reads each element about once: what comes before may be computed inside.
bool takes_in(const Node& node) {
  return node.op->has(ir::kElementwise) || node.op->has(ir::kReduction);
}

// Clusters of nodes that become one kernel: a node joins its users' cluster if all of them are
// in the same one. Walking backwards, users are decided first.
class Clusters {
public:
  Clusters(const ir::Graph& graph, PassContext& context)
      : graph_(graph), users_(graph.users()), cluster_(graph.nodes().size(), -1) {
    for (size_t i = graph.nodes().size(); i-- > 0;) {
      const Node& node = graph.nodes()[i];
      if (!needs_kernel(node)) continue;
      const int users = joins_its_user(node) ? cluster_of_users(node) : -1;
      const bool join =
          users >= 0 && context.may_rewrite(node.place, label(graph, node) + " joins " +
                                                            label(graph, last(users)));
      cluster_[i] = join ? users : static_cast<int>(i);
    }
  }

  // A cluster's number is the position of its last node.
  [[nodiscard]] int of(size_t node) const { return cluster_[node]; }
  [[nodiscard]] std::vector<const Node*> members(int cluster) const {
    std::vector<const Node*> nodes;
    for (size_t i = 0; i < cluster_.size(); ++i) {
      if (cluster_[i] == cluster) nodes.push_back(&graph_.nodes()[i]);
    }
    return nodes;
  }

private:
  [[nodiscard]] const Node& last(int cluster) const {
    return graph_.nodes()[static_cast<size_t>(cluster)];
  }
  [[nodiscard]] int cluster_of_users(const Node& node) const {
    int cluster = -1;
    for (ir::ValueId result : node.results) {
      for (ir::NodeId user : users_[static_cast<size_t>(result.index)]) {
        const size_t at = static_cast<size_t>(user.index);
        if (at == cluster_.size() || !takes_in(graph_.nodes()[at])) return -1;
        if (cluster >= 0 && cluster_[at] != cluster) return -1;
        cluster = cluster_[at];
      }
    }
    return cluster;
  }

  const ir::Graph& graph_;
  std::vector<std::vector<ir::NodeId>> users_;
  std::vector<int> cluster_;
};

// Each output must be memory of its own that a kernel writes: an input, a constant or a value
// that is an output already is copied.
void copy_outputs(ir::Graph& graph) {
  std::set<int32_t> taken;
  for (ir::GraphOutput& output : graph.outputs) {
    const ir::ValueId root = view_root(graph, output.value);
    const Node* producer = graph.producer(root);
    if (producer && !producer->tensor && taken.insert(root.index).second) continue;
    const ir::Type type = graph.value(output.value).type;
    ir::Graph body;
    const ir::ValueId from = body.add_input(graph.value(output.value).name, type);
    const ir::Place place =
        producer ? producer->place : ir::Place::named("output '" + output.name + "'");
    ir::Builder inside = ir::Builder(body).at(place);
    const ir::ValueId copy =
        inside.create(ir::ops::reshape, {from}, {{"shape", ir::Ints(type.shape)}}, output.name);
    body.outputs.push_back({"", copy, ""});
    output.value = ir::Builder(graph)
                       .at(place)
                       .group(std::move(body), {output.value}, std::nullopt, {output.name})
                       .front();
  }
}

}  // namespace

ir::Module group_kernels(ir::Module module, PassContext& context) {
  for (ir::Graph& graph : module.graphs) {
    const Clusters clusters(graph, context);
    graph = ir::rewrite(graph, [&](ir::Rewriter& r, ir::NodeId id, const Node& node) {
      const int cluster = clusters.of(static_cast<size_t>(id.index));
      if (cluster < 0) return false;
      if (cluster != id.index) return true;  // made with the last of its cluster
      GroupMaker group(graph);
      for (const Node* member : clusters.members(cluster))
        group.add(*member);
      group.finish(r, node.results.front());
      return true;
    });
    copy_outputs(graph);
  }
  return module;
}

}  // namespace linnet::passes
