// The pass fuse_pool: a pool of disjoint windows joins the convolution it reads.
#include "ir/op_def.h"
#include "ir/ops/shared/window.h"
#include "passes/lib/candidate.h"
#include "passes/lib/group_maker.h"
#include "passes/lib/label.h"
#include "passes/lib/split_padding.h"
#include "passes/passes.h"

namespace linnet::passes {
namespace {

// Windows that overlap would compute what they share several times.
bool disjoint(const ir::Node& pool) {
  const auto both = ir::windows(pool.attrs, pool.attrs.get(ir::kKernelSize));
  return both && both->first.stride >= both->first.reach() &&
         both->second.stride >= both->second.reach();
}

// Does a fast family compute both in one kernel? Any other would compute the windows one by one,
// and a large window takes the convolution out of its own fast family.
bool one_fast_kernel(const ir::Graph& graph, const ir::Node& group, const ir::Node& pool,
                     const PassContext& context) {
  GroupMaker maker(graph);
  maker.add(group);
  maker.add(pool);
  const GroupMaker::Group fused = maker.make(pool.results.front());
  return becomes_fast(candidate_of(fused.body, graph, fused.operands, context));
}

}  // namespace

ir::Module fuse_pool(ir::Module module, PassContext& context) {
  for (ir::Graph& graph : module.graphs) {
    const auto users = graph.users();
    std::vector<const ir::Node*> pool_of(graph.nodes().size(), nullptr);
    std::vector<const ir::Node*> group_of(graph.nodes().size(), nullptr);
    for (const ir::Node& pool : graph.nodes()) {
      if (!pool.op->has(ir::kPool)) continue;
      const ir::ValueId read = pool.operands.front();
      const ir::Node* group = graph.producer(read);
      if (!group || group->op != &ir::ops::group) continue;
      const std::string name = label(graph, pool);
      if (users[static_cast<size_t>(read.index)].size() != 1) {
        context.refused(pool.place, "what " + name + " reads has other users");
      } else if (!disjoint(pool)) {
        context.refused(pool.place, "the windows of " + name + " overlap");
      } else if (!one_fast_kernel(graph, *group, pool, context)) {
        context.refused(pool.place,
                        "no fast kernel computes " + name + " with %" + graph.value(read).name);
      } else if (context.may_rewrite(pool.place, name + " joins %" + graph.value(read).name)) {
        pool_of[static_cast<size_t>(graph.value(read).node.index)] = &pool;
        group_of[static_cast<size_t>(&pool - graph.nodes().data())] = group;
      }
    }
    graph = ir::rewrite(graph, [&](ir::Rewriter& r, ir::NodeId id, const ir::Node& node) {
      const size_t at = static_cast<size_t>(id.index);
      if (pool_of[at]) return true;  // becomes part of what its pool makes
      if (!group_of[at]) return false;
      GroupMaker maker(graph);
      maker.add(*group_of[at]);
      maker.add(node);
      maker.finish(r, node.results.front());
      return true;
    });
  }
  return module;
}

}  // namespace linnet::passes
