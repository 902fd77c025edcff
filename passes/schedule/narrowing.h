// Which weights are worth storing in half: the rule of the pass narrow_weights.
#pragma once

#include "ir/graph.h"
#include "passes/lib/target_info.h"

#include <cstdint>
#include <string>

namespace linnet::passes {

// What speaks against storing the weight of a product in bf16 or f16, or "". `body` is a matmul's
// group or kernel, `all_bytes` what all weights of the call take.
[[nodiscard]] std::string not_worth_narrowing(const ir::Graph& body, int64_t all_bytes,
                                              const TargetInfo& target);

}  // namespace linnet::passes
