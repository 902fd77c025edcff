// The pass pack_weights: constants are stored in the order in which their kernel reads them.
#include "ir/op_def.h"
#include "passes/lib/fold.h"
#include "passes/lib/rewrite_graphs.h"
#include "passes/passes.h"
#include "passes/schedule/families.h"

namespace linnet::passes {
namespace {

ir::ValueId packed_constant(ir::Rewriter& r, const ir::Node& constant, const ir::Layout& layout) {
  const ir::ValueId packed =
      r.at(constant.place)
          .constant(*constant.tensor, r.graph().value(constant.results.front()).name,
                    constant.attrs.get_or(ir::kOpaque, false));
  r.graph().value(packed).type.layout = layout;
  return packed;
}

// A kernel that copies a value known only at run time.
ir::ValueId packed_copy(ir::Builder b, ir::ValueId operand, const ir::Layout& layout,
                        const TargetInfo& target) {
  const ir::Value& value = b.graph().value(operand);
  const std::string name = value.name;
  ir::Graph body;
  const ir::ValueId from = body.add_input(name, value.type);
  const ir::ValueId to = ir::Builder(body).at(b.place()).create(
      ir::ops::reshape, {from}, {{"shape", ir::Ints(value.type.shape)}}, name);
  body.value(to).type.layout = layout;
  body.outputs.push_back({"", to, ""});
  const ir::Schedule schedule = choose_schedule({body, {nullptr}, target});
  return b.group(std::move(body), {operand}, schedule, {name}).front();
}

}  // namespace

ir::Module pack_weights(ir::Module module, PassContext& context) {
  module =
      rewrite_graphs(std::move(module), [&](ir::Rewriter& r, ir::NodeId, const ir::Node& node) {
        if (node.op != &ir::ops::group || !node.schedule) return false;
        const ir::Graph& body = node.regions.front();
        const auto layouts = family(node.schedule->family).layouts(body, *node.schedule);
        ir::Node packed = node;
        ir::Graph& inside = packed.regions.front();
        bool any = false;
        std::vector<ir::ValueId> operands;
        for (size_t i = 0; i < node.operands.size(); ++i) {
          ir::ValueId operand = r[node.operands[i]];
          const ir::Node* constant = constant_node(r.graph(), operand);
          const ir::Layout layout = i < layouts.size() ? layouts[i] : ir::Layout{};
          // What is known at run time only is transformed there.
          const bool transformable = layout.winograd == 0 || constant;
          if (!(layout == ir::Layout{}) && transformable &&
              context.may_rewrite(node.place, "packed %" + r.graph().value(operand).name)) {
            // A tensor of its own: another kernel may read the same one in another order.
            operand = constant ? packed_constant(r, *constant, layout)
                               : packed_copy(r.at(node.place), operand, layout, context.target);
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
