#include "ir/op_def.h"
#include "passes/fold.h"
#include "passes/graphs.h"
#include "passes/passes.h"
#include "passes/schedule/families.h"

namespace linnet::passes {

ir::Module pack_weights(ir::Module module, PassContext& context) {
  module =
      rewrite_graphs(std::move(module), [&](ir::Rewriter& r, ir::NodeId, const ir::Node& node) {
        if (node.op != &ir::ops::group || !node.schedule) return false;
        const ir::Graph& body = node.regions.front();
        const auto layouts = family(node.schedule->family).input_layouts(body, *node.schedule);
        ir::Node packed = node;
        ir::Graph& inside = packed.regions.front();
        bool any = false;
        std::vector<ir::ValueId> operands;
        for (size_t i = 0; i < node.operands.size(); ++i) {
          ir::ValueId operand = r[node.operands[i]];
          const ir::Node* constant = constant_node(r.graph(), operand);
          const ir::Layout layout = i < layouts.size() ? layouts[i] : ir::Layout{};
          if (constant && !(layout == ir::Layout{}) &&
              context.may_rewrite(node.place, "packed %" + r.graph().value(operand).name)) {
            // A constant of its own: another kernel may read the same tensor in another order.
            operand = r.at(constant->place)
                          .constant(*constant->tensor, r.graph().value(operand).name,
                                    constant->attrs.get_or(ir::kOpaque, false));
            r.graph().value(operand).type.layout = layout;
            inside.value(inside.inputs[i].value).type.layout = layout;
            any = true;
          }
          operands.push_back(operand);
        }
        if (!any) return false;
        const std::string name = r.old().value(node.results.front()).name;
        const auto results =
            r.at(node.place).group(std::move(inside), std::move(operands), node.schedule, {name});
        r.replace(node.results.front(), results.front());
        return true;
      });
  return without_unused_constants(std::move(module));
}

}  // namespace linnet::passes
