// Evaluating one op of constants, for the passes that make constants.
#pragma once

#include "ir/builder.h"

#include <optional>
#include <string_view>
#include <vector>

namespace linnet::passes {

// The node that makes a constant value, or nullptr.
[[nodiscard]] const ir::Node* constant_node(const ir::Graph& graph, ir::ValueId value);

// Results of `op` applied to constants of the builder's graph, or values without elements, as new
// constants (opaque if any operand is); f64 in f64, everything else as a kernel would, in f32.
[[nodiscard]] std::vector<ir::ValueId> create_folded(ir::Builder builder, const ir::OpDef& op,
                                                     const std::vector<ir::ValueId>& operands,
                                                     const ir::Attrs& attrs,
                                                     const std::vector<std::string>& names);

}  // namespace linnet::passes
