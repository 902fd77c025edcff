#include "ir/op_def.h"
#include "passes/graphs.h"
#include "passes/passes.h"

namespace linnet::passes {

ir::Module expand_ops(ir::Module module, PassContext& context) {
  return rewrite_graphs(
      std::move(module), [&](ir::Rewriter& rewriter, ir::NodeId, const ir::Node& node) {
        if (!node.op->expand) return false;
        if (!context.may_rewrite(node.place, "expanded " + label(rewriter.old(), node)))
          return false;
        ir::Builder builder = rewriter.at(node.place);
        const auto results = node.op->expand(builder, rewriter.mapped(node.operands), node.attrs);
        for (size_t i = 0; i < results.size(); ++i)
          rewriter.rename(results[i], rewriter.old().value(node.results[i]).name);
        for (size_t i = 0; i < results.size(); ++i)
          rewriter.replace(node.results[i], results[i]);
        return true;
      });
}

}  // namespace linnet::passes
