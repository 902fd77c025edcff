// Values that are other values' bytes.
#include "passes/lib/view_root.h"

#include "ir/op_def.h"

namespace linnet::passes {

ir::ValueId view_root(const ir::Graph& graph, ir::ValueId value) {
  const ir::Node* node = graph.producer(value);
  while (node && node->op->has(ir::kView)) {
    value = node->operands.front();
    node = graph.producer(value);
  }
  return value;
}

}  // namespace linnet::passes
