// The inputs and outputs of a graph with what is declared of them.
#include "codegen/emit/ports.h"

#include "base/io/tensor.h"
#include "support/check.h"

namespace linnet::codegen {

PortInfo port_of(const ir::Module& module, const std::string& name, const ir::Type& type,
                 const std::vector<PortInfo>& inputs) {
  PortInfo info;
  info.name = name;
  info.type = type;
  info.type.layout = {};
  info.dims = type.shape;
  info.dtype = abi_number(type.dtype);
  std::vector<std::string> names;
  for (const PortInfo& input : inputs)
    names.push_back(input.name);
  ir::DeclaredPort declared = ir::declared_port(module.data, name, info.type, info.dtype, names);
  info.kind = declared.kind;
  info.record = std::move(declared.record);
  return info;
}

Ports ports_of(const ir::Module& module) {
  return ports_of(module, module.graphs.front());
}

Ports ports_of(const ir::Module& module, const ir::Graph& graph) {
  Ports ports;
  for (const ir::GraphInput& input : graph.inputs) {
    if (!input.slot.empty()) continue;
    const ir::Value& value = graph.value(input.value);
    ports.inputs.push_back(port_of(module, value.name, value.type, ports.inputs));
  }
  for (const ir::GraphOutput& output : graph.outputs) {
    if (!output.slot.empty()) continue;
    ports.outputs.push_back(
        port_of(module, output.name, graph.value(output.value).type, ports.inputs));
  }
  return ports;
}

}  // namespace linnet::codegen
