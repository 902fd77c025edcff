// generic{}: any kernel, every op by its row.
#include "codegen/lower/families.h"

namespace linnet::codegen {

std::vector<Halide::Func> generic_kernel(Lowering& lowering, const ir::Schedule&) {
  const ir::Graph& graph = lowering.graph();
  std::vector<Halide::Func> outputs;
  for (size_t i = 0; i < graph.outputs.size(); ++i)
    outputs.push_back(lowering.output(i));
  for (size_t i = 0; i < graph.outputs.size(); ++i)
    lowering.schedule_output(outputs[i], lowering.type(graph.outputs[i].value));
  lowering.schedule_stages();
  return outputs;
}

}  // namespace linnet::codegen
