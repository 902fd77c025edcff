// How remarks name a node.
#include "passes/lib/label.h"

#include "ir/op_def.h"

#include <fmt/format.h>

namespace linnet::passes {

std::string label(const ir::Graph& graph, const ir::Node& node) {
  return fmt::format("{} %{}", node.op->name, graph.value(node.results.front()).name);
}

}  // namespace linnet::passes
