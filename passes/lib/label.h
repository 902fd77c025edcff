// How remarks name a node.
#pragma once

#include "ir/graph.h"

#include <string>

namespace linnet::passes {

// "conv2d %c1"
[[nodiscard]] std::string label(const ir::Graph& graph, const ir::Node& node);

}  // namespace linnet::passes
