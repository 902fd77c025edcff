#include "ir/op_def.h"
#include "passes/fold.h"
#include "passes/graphs.h"
#include "passes/passes.h"
#include "passes/schedule/families.h"

namespace linnet::passes {

ir::Module choose_schedules(ir::Module module, PassContext& context) {
  return rewrite_graphs(std::move(module), [&](ir::Rewriter& r, ir::NodeId, const ir::Node& node) {
    if (node.op != &ir::ops::group || node.schedule) return false;
    Candidate candidate{node.regions.front(), {}, context.target};
    for (ir::ValueId operand : node.operands)
      candidate.constant.push_back(constant_node(r.old(), operand) != nullptr);
    ir::Schedule schedule = choose_schedule(candidate);
    if (!context.may_rewrite(node.place, label(r.old(), node) + " by " + to_string(schedule)))
      schedule = ir::Schedule{"generic", {}};
    ir::Node scheduled = node;
    scheduled.schedule = std::move(schedule);
    r.copy(scheduled);
    return true;
  });
}

}  // namespace linnet::passes
