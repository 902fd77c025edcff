// The gradients of a training loss: what `differentiate` and a trainer's log share.
#pragma once

#include "ir/module.h"
#include "passes/training/backward.h"

#include <string_view>
#include <vector>

namespace linnet::passes {

// The graph with gradients as outputs.
inline constexpr std::string_view kGradients = "gradients";

struct LossGradients {
  std::vector<ir::GraphInput> parameters;  // those that are trained, in the graph's order
  Gradients gradients;                     // by them, of loss + penalty
};

// Appends to a graph like @train_step the gradients of its loss + penalty by every parameter that
// is trained. Ops must have been expanded (expand_for_gradient).
[[nodiscard]] LossGradients append_loss_gradients(const ir::Module& module, ir::Graph& graph);

// Appends @gradients: inputs, targets, slots and counters of @train_step → the gradient by each
// parameter that is trained, in the order of the module's slots, zeros where the loss does not
// depend on it. It draws the noise of the step, changes no slot, and is before clipping.
// Needs: enter_training; that differentiate has not run.
void append_gradients_graph(ir::Module& module);

}  // namespace linnet::passes
