// Values within a model, by the names they have in it: what `linnet verify` and `linnet debug` look
// at.
#pragma once

#include "ir/module.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::driver {

// The values of the first graph that are computed from an input or from state, but for ordinary
// outputs; in the order in which they are computed.
[[nodiscard]] std::vector<ir::ValueId> inner_values(const ir::Module& module);

// The module whose first graph also gives these values, as outputs behind its own.
[[nodiscard]] ir::Module with_outputs(const ir::Module& module,
                                      std::span<const ir::ValueId> values);
// The module whose first graph gives this value, and besides only the next values of slots.
[[nodiscard]] ir::Module with_only(const ir::Module& module, ir::ValueId value);

// What a person may call a value of the first graph: its name, with or without %; an output; an
// ONNX node, for what it makes first.
[[nodiscard]] std::optional<ir::ValueId> value_called(const ir::Module& module,
                                                      std::string_view name);
// All that value_called knows.
[[nodiscard]] std::vector<std::string> names_of_values(const ir::Module& module);

// A module with what is in groups and in kernels written out in its first graph, so that values
// within them can be asked for. Bodies of loops stay what they are.
struct Flat {
  struct Entry {
    std::string name;
    ir::ValueId value;
    std::string within;  // a group by its result, "%relu", or a kernel, "@conv1_relu"; "": neither
  };
  ir::Module module;
  std::vector<Entry> entries;

  // The value of this name and, but for its layout, this type; what is stored goes before what is
  // within a kernel.
  [[nodiscard]] const Entry* find(std::string_view name, const ir::Type& type) const;
};
// `groups`: the module before its groups became calls of kernels, or null. Calls of one kernel
// share its body; the names of each call's values are those of the group it was.
[[nodiscard]] Flat flat(const ir::Module& module, const ir::Module* groups = nullptr);

}  // namespace linnet::driver
