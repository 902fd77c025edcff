// Stochastic gradient descent, with momentum if asked for.
#include "ir/optimizers/shared.h"

namespace linnet::ir {
namespace {

Var update(const UpdateContext& c) {
  Var direction = with_penalty(c);
  const double momentum = c.number("momentum");
  if (momentum != 0) {
    // The first step begins with the gradient itself: 0 · momentum + gradient; dampening would
    // make it smaller, which torch leaves out then.
    const double dampening = c.number("dampening");
    Var fresh = direction;
    if (dampening != 0) {
      const Var first = apply(ops::eq, c.step, c.step.splat(1));
      const Var factor = c.rounded(select(first, c.step.splat(1), c.step.splat(1 - dampening)));
      fresh = direction * factor;
    }
    const Var buffer = c.state("momentum_buffer") * momentum + fresh;
    c.set_state("momentum_buffer", buffer);
    direction = c.flag("nesterov") ? direction + buffer * momentum : buffer;
  }
  return c.weight - direction * c.rounded(c.lr);
}

}  // namespace

const Optimizer optimizers::sgd{
    .name = "sgd",
    .doc = "w − lr · g; with momentum μ the buffer b = μ b + (1 − dampening) g takes the place of "
           "g, with nesterov g + μ b does (Sutskever et al., 2013)",
    .settings = {lr_setting(1e-3),
                 {"momentum", 0.0, "of the buffer", kNotNegative},
                 {"dampening", 0.0, "of what enters the buffer"},
                 weight_decay_setting(0),
                 {"nesterov", false, "look ahead along the buffer"},
                 decay_setting()},
    .slots = {"momentum_buffer"},
    .update = update};

}  // namespace linnet::ir
