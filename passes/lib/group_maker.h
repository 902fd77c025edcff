// Groups: nodes that become one kernel.
#pragma once

#include "ir/rewrite.h"

#include <vector>

namespace linnet::passes {

// May it stand inside a kernel: one element, or all elements equal and not opaque.
[[nodiscard]] bool stays_inside(const ir::Node& node);

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
