// Values that are other values' bytes.
#pragma once

#include "ir/graph.h"

namespace linnet::passes {

// Follows views to the value whose bytes these are.
[[nodiscard]] ir::ValueId view_root(const ir::Graph& graph, ir::ValueId value);

}  // namespace linnet::passes
