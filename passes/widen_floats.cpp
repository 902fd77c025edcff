// The pass widen_floats: f32 becomes f64 in types, constants and slots.
#include "ir/op_def.h"
#include "ir/rewrite.h"
#include "passes/passes.h"

namespace linnet::passes {
namespace {

using ir::DType;

ir::Type widened(ir::Type type) {
  if (type.dtype == DType::kF32) type.dtype = DType::kF64;
  return type;
}

ir::Tensor widened(const ir::Tensor& tensor) {
  if (tensor.type().dtype != DType::kF32) return tensor;
  return ir::Tensor::from_doubles(widened(tensor.type()), tensor.as_doubles());
}

ir::Attrs widened(ir::Attrs attrs) {
  std::vector<std::string> names;
  for (const auto& [name, attr] : attrs) {
    if (const DType* dtype = std::get_if<DType>(&attr); dtype && *dtype == DType::kF32)
      names.push_back(name);
  }
  for (const std::string& name : names)
    attrs.set(name, DType::kF64);
  return attrs;
}

ir::Graph widened(const ir::Graph& old);

// The same loop of a wider body, which stands in it or is a graph of the module.
void loop(ir::Rewriter& r, const ir::Graph& old, const ir::Node& node) {
  ir::Node wide = node;
  wide.operands = r.mapped(node.operands);
  for (ir::Graph& body : wide.regions)
    body = widened(body);
  std::vector<ir::Type> types;
  std::vector<std::string> names;
  for (ir::ValueId result : node.results) {
    types.push_back(widened(old.value(result).type));
    names.push_back(old.value(result).name);
  }
  const ir::NodeId made = r.graph().append(std::move(wide), types, names);
  for (size_t i = 0; i < node.results.size(); ++i)
    r.replace(node.results[i], r.graph().node(made).results[i]);
}

ir::Graph widened(const ir::Graph& old) {
  ir::Rewriter r(old, [](const ir::GraphInput&) { return false; });
  for (const ir::GraphInput& input : old.inputs) {
    const ir::Value& value = old.value(input.value);
    r.replace(input.value, r.graph().add_input(value.name, widened(value.type), input.slot));
  }
  for (const ir::Node& node : old.nodes()) {
    ir::Builder builder = r.at(node.place);
    const std::string& name = old.value(node.results.front()).name;
    if (node.tensor) {
      r.replace(node.results.front(), builder.constant(widened(*node.tensor), name,
                                                       node.attrs.get_or(ir::kOpaque, false)));
      continue;
    }
    if (node.op == &ir::ops::loop) {
      loop(r, old, node);
      continue;
    }
    auto results = builder.try_create(*node.op, r.mapped(node.operands), widened(node.attrs), name);
    LINNET_CHECK(results.has_value(), "in f64: " + results.error().message);
    for (size_t i = 0; i < results->size(); ++i)
      r.replace(node.results[i], (*results)[i]);
  }
  return r.finish();
}

}  // namespace

ir::Module widen_floats(ir::Module module, PassContext&) {
  for (ir::Slot& slot : module.slots) {
    slot.type = widened(slot.type);
    if (slot.value) slot.value = widened(*slot.value);
  }
  for (ir::Graph& graph : module.graphs)
    graph = widened(graph);
  return module;
}

}  // namespace linnet::passes
