// Which kind of memory each value of an entry graph lies in, before addresses are known.
#pragma once

#include "ir/graph.h"

#include <vector>

namespace linnet::passes {

// For every value: input, output or constant with its position, or arena at 0. Views share what
// they view; the root of a graph output is that output. Storage of a constant is at 0 too.
[[nodiscard]] std::vector<ir::Storage> storage_classes(const ir::Graph& graph);

}  // namespace linnet::passes
