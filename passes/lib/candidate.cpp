// Looks for the constants among a group's operands.
#include "passes/lib/candidate.h"

#include "passes/lib/fold.h"

namespace linnet::passes {

std::vector<const ir::Node*> constants_of(const ir::Graph& graph,
                                          const std::vector<ir::ValueId>& operands) {
  std::vector<const ir::Node*> constants;
  for (const ir::ValueId operand : operands)
    constants.push_back(constant_node(graph, operand));
  return constants;
}

Candidate candidate_of(const ir::Graph& body, const ir::Graph& graph,
                       const std::vector<ir::ValueId>& operands, const PassContext& context) {
  return {body, constants_of(graph, operands), context.target, context.families, false};
}

}  // namespace linnet::passes
