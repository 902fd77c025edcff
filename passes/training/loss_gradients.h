// The gradients of a training loss: what `differentiate` and `log_gradients` share.
#pragma once

#include "ir/module.h"
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

}  // namespace linnet::passes
