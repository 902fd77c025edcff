#include "passes/fold.h"

#include "ir/evaluate.h"

namespace linnet::passes {
namespace {

template <class T>
std::vector<ir::Tensor> evaluated(const ir::Graph& graph, const std::vector<ir::Tensor>& operands) {
  std::vector<ir::Array<T>> inputs;
  for (const ir::Tensor& tensor : operands)
    inputs.push_back(ir::to_array<T>(tensor));
  std::vector<ir::Tensor> results;
  for (const auto& array : ir::evaluate<T>(ir::Module{}, graph, inputs))
    results.push_back(ir::to_tensor(array));
  return results;
}

}  // namespace

const ir::Node* constant_node(const ir::Graph& graph, ir::ValueId value) {
  const ir::Node* node = value ? graph.producer(value) : nullptr;
  return node && node->tensor ? node : nullptr;
}

std::vector<ir::ValueId> create_folded(ir::Builder builder, const ir::OpDef& op,
                                       const std::vector<ir::ValueId>& operands,
                                       const ir::Attrs& attrs,
                                       const std::vector<std::string>& names) {
  ir::Graph alone;
  std::vector<ir::Tensor> tensors;
  std::vector<ir::ValueId> inputs;
  bool opaque = false;
  bool f64 = false;
  for (ir::ValueId operand : operands) {
    const ir::Node* node = constant_node(builder.graph(), operand);
    const ir::Type& type = builder.type(operand);
    LINNET_CHECK(node || type.elements() == 0, "only constants are folded");
    tensors.push_back(node ? *node->tensor : ir::Tensor(type, {}));
    inputs.push_back(alone.add_input("", tensors.back().type()));
    opaque = opaque || (node && node->attrs.get_or(ir::kOpaque, false));
    f64 = f64 || type.dtype == ir::DType::kF64;
  }
  auto results = ir::Builder(alone).try_create(op, inputs, attrs);
  LINNET_CHECK(results.has_value(), std::string(op.name) + " of constants does not fit");
  for (ir::ValueId result : *results)
    alone.outputs.push_back({"", result, ""});
  std::vector<ir::ValueId> made;
  for (ir::Tensor& tensor :
       f64 ? evaluated<double>(alone, tensors) : evaluated<float>(alone, tensors))
    made.push_back(builder.constant(std::move(tensor),
                                    made.size() < names.size() ? names[made.size()] : "", opaque));
  return made;
}

}  // namespace linnet::passes
