// Evaluates a node whose operands are constants and appends its result as a constant.
#include "passes/lib/fold.h"

#include "ir/evaluate.h"

namespace linnet::passes {

const ir::Node* constant_node(const ir::Graph& graph, ir::ValueId value) {
  const ir::Node* node = value ? graph.producer(value) : nullptr;
  return node && node->tensor ? node : nullptr;
}

std::vector<ir::ValueId> create_folded(ir::Builder builder, const ir::OpDef& op,
                                       const std::vector<ir::ValueId>& operands,
                                       const ir::Attrs& attrs,
                                       const std::vector<std::string>& names) {
  bool opaque = false;
  for (ir::ValueId operand : operands) {
    const ir::Node* node = constant_node(builder.graph(), operand);
    LINNET_CHECK(node || builder.type(operand).elements() == 0, "only constants are folded");
    opaque = opaque || (node && node->attrs.get_or(ir::kOpaque, false));
  }
  std::vector<ir::ValueId> made;
  for (ir::Tensor& tensor : ir::evaluate_alone(builder.graph(), op, operands, attrs))
    made.push_back(builder.constant(std::move(tensor),
                                    made.size() < names.size() ? names[made.size()] : "", opaque));
  return made;
}

}  // namespace linnet::passes
