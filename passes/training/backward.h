// Reverse-mode differentiation of one graph: what `differentiate` and `linnet run --grad` share.
#pragma once

#include "ir/module.h"
#include "ir/place.h"

#include <span>
#include <string>
#include <vector>

namespace linnet::passes {

// An op between a value and the root through which no gradient passes.
struct Blocked {
  ir::Place place;
  std::string message;  // "no gradient passes through cast %n, whose result is i64"
};

struct Gradients {
  // Of the root by each value asked for, in that order; none where the root does not depend on it.
  std::vector<ir::ValueId> values;
  // One for each value that the root depends on only through ops without a gradient.
  std::vector<Blocked> blocked;
};

// Appends the gradients of `root`, a floating-point value, to its graph: of the sum of its elements
// where it has several. Contributions of several uses are added from the last use to the first.
// Ops whose gradient is that of smaller ops must have been replaced by these (expand_for_gradient).
[[nodiscard]] Gradients append_gradients(ir::Graph& graph, ir::ValueId root,
                                         std::span<const ir::ValueId> by);

// Replaces ops without a gradient of their own by the smaller ops they stand for, and loops by
// their steps.
[[nodiscard]] ir::Graph expand_for_gradient(const ir::Module& module, const ir::Graph& graph);

}  // namespace linnet::passes
