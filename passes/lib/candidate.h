// What the families are asked of: a body and the operands it is called with.
#pragma once

#include "passes/run/pass.h"
#include "passes/schedule/family.h"

namespace linnet::passes {

// Of each operand the constant of `graph` that it is, or null.
[[nodiscard]] std::vector<const ir::Node*> constants_of(const ir::Graph& graph,
                                                        const std::vector<ir::ValueId>& operands);

// `body` outlives it, and so do `graph` and `context`.
[[nodiscard]] Candidate candidate_of(const ir::Graph& body, const ir::Graph& graph,
                                     const std::vector<ir::ValueId>& operands,
                                     const PassContext& context);

}  // namespace linnet::passes
