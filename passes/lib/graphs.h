// What passes share: the same rewrite for every entry graph, names for remarks, groups.
#pragma once

#include "ir/module.h"
#include "ir/rewrite.h"
#include "passes/run/pass.h"

#include <functional>
#include <string>
#include <vector>

namespace linnet::passes {

// Rewrites every entry graph by `visit` (ir::rewrite).
[[nodiscard]] ir::Module
rewrite_graphs(ir::Module module,
               const std::function<bool(ir::Rewriter&, ir::NodeId, const ir::Node&)>& visit);

// The same without constants that nobody reads.
[[nodiscard]] ir::Module without_unused_constants(ir::Module module);

// The smaller ops that a node stands for take its place.
void expand(ir::Rewriter& rewriter, const ir::Node& node);

// "conv2d %c1": how remarks name a node.
[[nodiscard]] std::string label(const ir::Graph& graph, const ir::Node& node);

// Follows views to the value whose bytes these are.
[[nodiscard]] ir::ValueId view_root(const ir::Graph& graph, ir::ValueId value);

// May it stand inside a kernel: one element, or all elements equal and not opaque.
[[nodiscard]] bool stays_inside(const ir::Node& node);

// The kernel with its name and its values' names replaced by numbers: the same for all kernels that
// compute the same in the same way.
[[nodiscard]] ir::Graph canonical(ir::Graph kernel);

// Collects nodes of one graph and makes a `group` of them in another.
class GroupMaker {
public:
  explicit GroupMaker(const ir::Graph& graph) : graph_(&graph) {}

  // In topological order. A `group` among them is dissolved into its body.
  void add(const ir::Node& node);
  struct Group {
    ir::Graph body;
    std::vector<ir::ValueId> operands;  // in the old graph
  };
  // The group whose only result stands for `result`.
  [[nodiscard]] Group make(ir::ValueId result) const;
  // Appends it to the rewriter's graph.
  void finish(ir::Rewriter& rewriter, ir::ValueId result);

private:
  const ir::Graph* graph_;
  ir::Place place_;
  std::vector<const ir::Node*> nodes_;
};

}  // namespace linnet::passes
