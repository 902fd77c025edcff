// The pass drop_dropout: ops that matter in training only become their operand.
#include "ir/op_def.h"
#include "passes/lib/label.h"
#include "passes/lib/rewrite_graphs.h"
#include "passes/passes.h"

namespace linnet::passes {

ir::Module drop_dropout(ir::Module module, PassContext& context) {
  return rewrite_graphs(
      std::move(module), [&](ir::Rewriter& rewriter, ir::NodeId, const ir::Node& node) {
        if (!node.op->has(ir::kTrainingOnly)) return false;
        if (rewriter.old().name == ir::kTrainStep) return false;  // enter_training draws its noise
        if (!context.may_rewrite(node.place, label(rewriter.old(), node) + " is the identity"))
          return false;
        rewriter.replace(node.results.front(), rewriter[node.operands.front()]);
        return true;
      });
}

}  // namespace linnet::passes
