// The pass group_kernels: nodes without a group are gathered into kernels.
#include "ir/op_def.h"
#include "passes/lib/group_maker.h"
#include "passes/lib/label.h"
#include "passes/lib/storage.h"
#include "passes/lib/view_root.h"
#include "passes/passes.h"

#include <algorithm>
#include <set>

namespace linnet::passes {
namespace {

using ir::Node;

bool needs_kernel(const Node& node) {
  return !node.op->has(ir::kStructural) && !node.op->has(ir::kView);
}

bool moves(const Node& node) {
  return node.op->has(ir::kDataMovement) && !node.op->has(ir::kView);
}

// Cheap to compute where it is read: what follows may take it in.
bool joins_its_user(const Node& node) {
  return node.op->has(ir::kElementwise) || node.op->has(ir::kReduction) || moves(node);
}
// Reads each element about once: what comes before may be computed inside.
bool takes_in(const Node& node) {
  return node.op->has(ir::kElementwise) || node.op->has(ir::kReduction);
}

bool may_join(const Node& node, const Node& user) {
  return joins_its_user(node) && (takes_in(user) || (moves(node) && moves(user)));
}

// What a reduction inside a kernel may keep on the stack; a kernel has 16 KiB for all of them.
constexpr double kMostStageBytes = 4096;

// Clusters of nodes that become one kernel: a node joins its users' cluster if all of them are
// in the same one. Walking backwards, users are decided first.
class Clusters {
public:
  Clusters(const ir::Graph& graph, PassContext& context)
      : graph_(graph), users_(graph.users()), cluster_(graph.nodes().size(), -1),
        needed_(graph.nodes().size(), 1) {
    for (size_t i = graph.nodes().size(); i-- > 0;) {
      const Node& node = graph.nodes()[i];
      if (!needs_kernel(node)) continue;
      int users = cluster_of_users(node);
      needed_[i] = users < 0 ? row(node) : needed_by_users(node);
      if (users >= 0 && node.op->has(ir::kReduction) && !worth_a_stage(node, needed_[i], context)) {
        users = -1;
        needed_[i] = row(node);
      }
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
        if (at == cluster_.size() || !may_join(node, graph_.nodes()[at])) return -1;
        if (cluster >= 0 && cluster_[at] != cluster) return -1;
        cluster = cluster_[at];
      }
    }
    return cluster;
  }

  [[nodiscard]] const ir::Type& type(const Node& node) const {
    return graph_.value(node.results.front()).type;
  }
  [[nodiscard]] double elements(const Node& node) const {
    return static_cast<double>(std::max<int64_t>(type(node).elements(), 1));
  }
  // Elements of a kernel's result that are computed in one go: a row.
  [[nodiscard]] double row(const Node& node) const {
    const ir::Shape& shape = type(node).shape;
    return shape.empty() ? 1 : static_cast<double>(std::max<int64_t>(shape.back(), 1));
  }
  // Elements of a node inside that one row of the kernel's result needs, if all of them serve
  // equally many elements of the user. Below 1: several rows need the same element.
  [[nodiscard]] double needed_by_users(const Node& node) const {
    double most = 0;
    for (ir::ValueId result : node.results) {
      for (ir::NodeId user : users_[static_cast<size_t>(result.index)]) {
        const size_t at = static_cast<size_t>(user.index);
        most = std::max(most, needed_[at] * elements(node) / elements(graph_.nodes()[at]));
      }
    }
    return most;
  }
  // A reduction inside a kernel is a stage, computed for each row anew and kept on the stack.
  [[nodiscard]] bool worth_a_stage(const Node& node, double needed, PassContext& context) const {
    if (needed * static_cast<double>(ir::size_of(type(node).dtype)) > kMostStageBytes) {
      context.refused(node.place, label(graph_, node) + " would take much of the stack");
      return false;
    }
    if (needed >= 1) return true;
    context.refused(node.place, label(graph_, node) + " would be computed for several rows anew");
    return false;
  }

  const ir::Graph& graph_;
  std::vector<std::vector<ir::NodeId>> users_;
  std::vector<int> cluster_;
  std::vector<double> needed_;  // elements of each node's result at a time
};

// The same elements in memory of their own, by a kernel at the end of the graph.
ir::ValueId copied(ir::Graph& graph, ir::ValueId value, const std::string& name) {
  const Node* producer = graph.producer(view_root(graph, value));
  const ir::Place place = producer ? producer->place : ir::Place::named("output '" + name + "'");
  const ir::Type type = graph.value(value).type;
  ir::Graph body;
  const ir::ValueId from = body.add_input(graph.value(value).name, type);
  const ir::ValueId copy = ir::Builder(body).at(place).create(
      ir::ops::reshape, {from}, {{"shape", ir::Ints(type.shape)}}, name);
  body.outputs.push_back({"", copy, ""});
  return ir::Builder(graph).at(place).group(std::move(body), {value}, std::nullopt, {name}).front();
}

// Each output must be memory of its own that a kernel writes: an input, a constant or a value
// that is an output already is copied, and what may not be written over its slot at once is
// written at the end, when nothing reads the slot any more.
void copy_outputs(ir::Graph& graph) {
  std::set<int32_t> taken;
  std::vector<size_t> late;  // slots that must wait
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    ir::GraphOutput& output = graph.outputs[i];
    if (graph.value(output.value).type.elements() == 0) continue;  // nothing to write
    const ir::ValueId root = view_root(graph, output.value);
    if (!output.slot.empty() && root == graph.input_of(output.slot)) continue;  // as it was
    const Node* producer = graph.producer(root);
    const bool own = producer && !producer->tensor && taken.insert(root.index).second;
    if (own && (output.slot.empty() || may_overwrite(graph, output))) continue;
    // What comes from another slot is taken before that one changes.
    if (!own) output.value = copied(graph, output.value, output.name);
    if (!output.slot.empty()) late.push_back(i);
  }
  for (size_t i : late)
    graph.outputs[i].value = copied(graph, graph.outputs[i].value, graph.outputs[i].name);
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
