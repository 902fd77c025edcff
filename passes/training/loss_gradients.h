// The gradients of a training loss: what `differentiate` and `log_gradients` share.
#pragma once

#include "ir/module.h"
#include "ir/var.h"
#include "passes/training/backward.h"

#include <vector>

namespace linnet::passes {

// Does training change it?
[[nodiscard]] bool is_trained(const ir::Slot& slot);

struct LossGradients {
  std::vector<ir::GraphInput> parameters;  // those that are trained, in the graph's order
  Gradients gradients;                     // by them, of loss + penalty
};

// Appends to a graph like @train_step the gradients of its loss + penalty by every parameter that
// is trained. Ops must have been expanded (expand_for_gradient).
[[nodiscard]] LossGradients append_loss_gradients(const ir::Module& module, ir::Graph& graph);

// Of what was summed over the shards of a step.
[[nodiscard]] ir::Var mean_over_shards(const ir::Var& sum, int64_t shards);

// The same of @update: a further input for the sum of each parameter's gradients over the shards,
// of which the mean is taken, and to which that of the penalty is added.
[[nodiscard]] LossGradients append_update_gradients(const ir::Module& module, ir::Graph& graph);

// A gradient as an output: zeros where there is none.
[[nodiscard]] ir::ValueId gradient_or_zeros(ir::Graph& graph, const ir::Slot& slot,
                                            ir::ValueId gradient);

}  // namespace linnet::passes
