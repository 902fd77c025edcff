// The kernel families: which groups each fits, with which numbers, and how its data must lie.
#pragma once

#include "ir/graph.h"
#include "passes/target_info.h"

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace linnet::passes {

struct Family {
  std::string_view name;
  // The schedule for a group's body, or nullopt if the family does not fit it.
  std::optional<ir::Schedule> (*choose)(const ir::Graph& body, const TargetInfo& target);
  // Layouts in which the kernel wants its inputs and its output, by position; an empty layout is
  // row-major. Only constants and values between kernels get them.
  std::vector<ir::Layout> (*input_layouts)(const ir::Graph& body, const ir::Schedule& schedule);
};

// In order of preference; the last, generic, fits everything.
[[nodiscard]] std::span<const Family> families();
[[nodiscard]] const Family& family(std::string_view name);

}  // namespace linnet::passes
