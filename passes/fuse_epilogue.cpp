// The pass fuse_epilogue: the elementwise tail of an anchor joins its group.
#include "ir/op_def.h"
#include "passes/lib/group_maker.h"
#include "passes/lib/label.h"
#include "passes/passes.h"

#include <algorithm>

namespace linnet::passes {
namespace {

using ir::Node;

// Why `tail`, the only user of what `head` makes, cannot be computed element by element after
// it; "" if it can.
std::string obstacle(const ir::Graph& graph, ir::ValueId made, const Node& tail) {
  if (!tail.op->has(ir::kElementwise)) return std::string(tail.op->name) + " is not elementwise";
  const ir::Type& before = graph.value(made).type;
  const ir::Type& after = graph.value(tail.results.front()).type;
  if (before.shape != after.shape) return label(graph, tail) + " has another shape";
  return "";
}

}  // namespace

ir::Module fuse_epilogue(ir::Module module, PassContext& context) {
  for (ir::Graph& graph : module.graphs) {
    const auto users = graph.users();
    const size_t count = graph.nodes().size();
    // For each anchor the chain that joins it, and for the last node of a chain its anchor.
    std::vector<std::vector<const Node*>> chain_at(count);
    std::vector<bool> joined(count, false);
    for (const Node& anchor : graph.nodes()) {
      if (!anchor.op->has(ir::kAnchor)) continue;
      std::vector<const Node*> chain = {&anchor};
      size_t last = static_cast<size_t>(&anchor - graph.nodes().data());
      while (true) {
        const ir::ValueId made = chain.back()->results.front();
        const auto& uses = users[static_cast<size_t>(made.index)];
        const std::string name = label(graph, anchor);
        if (uses.empty() || static_cast<size_t>(uses.front().index) == count) break;
        const Node& tail = graph.node(uses.front());
        const bool once = std::ranges::all_of(uses, [&](ir::NodeId id) { return id == uses[0]; });
        if (!once) {
          context.refused(chain.back()->place, "%" + graph.value(made).name + " has other users");
          break;
        }
        const std::string why = obstacle(graph, made, tail);
        const size_t at = static_cast<size_t>(uses.front().index);
        if (!why.empty() || joined[at]) {
          context.refused(tail.place, name + ": " + (why.empty() ? "joined already" : why));
          break;
        }
        if (!context.may_rewrite(tail.place, label(graph, tail) + " joins " + name)) break;
        joined[at] = true;
        last = at;
        chain.push_back(&tail);
      }
      joined[static_cast<size_t>(&anchor - graph.nodes().data())] = true;
      chain_at[last] = std::move(chain);
    }
    graph = ir::rewrite(graph, [&](ir::Rewriter& r, ir::NodeId id, const Node& node) {
      const auto& chain = chain_at[static_cast<size_t>(id.index)];
      if (chain.empty()) return static_cast<bool>(joined[static_cast<size_t>(id.index)]);
      GroupMaker group(graph);
      for (const Node* part : chain)
        group.add(*part);
      group.finish(r, node.results.front());
      return true;
    });
  }
  return module;
}

}  // namespace linnet::passes
