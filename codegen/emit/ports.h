// What `data` declares about inputs and outputs, resolved against their shapes: the header, the
// executable's constant and `linnet run` read this.
#pragma once

#include "ir/data_kind.h"
#include "ir/module.h"

#include <cstdint>
#include <string>
#include <vector>

namespace linnet::codegen {

struct PortInfo {
  std::string name;
  int64_t dtype = 0;  // enum linnet_dtype
  ir::Type type;
  std::vector<int64_t> dims;
  const ir::DataKind* kind = nullptr;  // nullptr: a plain tensor
  ir::Contract record;                 // linnet_port_v1

  // As the product will see it.
  [[nodiscard]] const linnet_port_v1& abi() const { return record.as<linnet_port_v1>(); }
};

struct Ports {
  std::vector<PortInfo> inputs, outputs;
};

// Of a graph of the module; of its first one.
[[nodiscard]] Ports ports_of(const ir::Module& module, const ir::Graph& graph);
[[nodiscard]] Ports ports_of(const ir::Module& module);

// A value that is declared under this name.
[[nodiscard]] PortInfo port_of(const ir::Module& module, const std::string& name,
                               const ir::Type& type, const std::vector<PortInfo>& inputs);

}  // namespace linnet::codegen
