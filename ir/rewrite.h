// Graph → graph: a pass walks the old graph and appends to a new one.
#pragma once

#include "ir/builder.h"
#include "ir/module.h"

#include <functional>
#include <vector>

namespace linnet::ir {

// The new graph under construction, and which new value stands for each old one.
class Rewriter {
public:
  explicit Rewriter(const Graph& old);
  // Only the inputs for which `keep` holds; the others must be replaced before they are used.
  Rewriter(const Graph& old, const std::function<bool(const GraphInput&)>& keep);

  [[nodiscard]] const Graph& old() const { return *old_; }
  [[nodiscard]] Graph& graph() { return new_; }
  [[nodiscard]] Builder at(const Place& place) { return Builder(new_).at(place); }

  // The new value that stands for an old one ("none" stays "none").
  [[nodiscard]] ValueId operator[](ValueId old) const;
  [[nodiscard]] std::vector<ValueId> mapped(const std::vector<ValueId>& old) const;
  // From now on `replacement` (a value of the new graph) stands for `old`.
  void replace(ValueId old, ValueId replacement);
  // A new value takes the name of what it stands for, if that is still free.
  void rename(ValueId value, std::string_view name) { new_.rename(value, name); }
  // Appends the node as it is, names and schedule included.
  void copy(const Node& node);
  // Sets the outputs and returns the new graph.
  [[nodiscard]] Graph finish();

private:
  const Graph* old_;
  Graph new_;
  std::vector<ValueId> map_;
};

// Visits every node in order; `visit` returns true if it handled the node (all its results
// replaced, or dropped), false to have it copied.
[[nodiscard]] Graph rewrite(const Graph& graph,
                            const std::function<bool(Rewriter&, NodeId, const Node&)>& visit);

// By index: does an output need the node? `may_drop` is asked of each that none does, users before
// what they use; what it keeps keeps its operands.
[[nodiscard]] std::vector<bool> needed_nodes(
    const Graph& graph,
    const std::function<bool(const Node&)>& may_drop = [](const Node&) { return true; });
// The graph without the others.
[[nodiscard]] Graph without_unused(
    const Graph& graph,
    const std::function<bool(const Node&)>& may_drop = [](const Node&) { return true; });

}  // namespace linnet::ir
