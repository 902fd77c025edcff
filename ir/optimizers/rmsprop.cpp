// RMSprop: the gradient over the root of its running mean square.
#include "ir/optimizers/shared.h"

namespace linnet::ir {
namespace {

Var update(const UpdateContext& c) {
  const double alpha = c.number("alpha");
  const Var gradient = with_penalty(c);
  Var square = running_mean(c, "square_avg", alpha, gradient.apply(ops::square));
  if (c.flag("centered")) {
    const Var mean = running_mean(c, "grad_avg", alpha, gradient);
    square = square - mean.apply(ops::square);
  }
  const Var root = square.apply(ops::sqrt);
  Var direction = gradient / (root + root.splat(c.number("eps")));
  if (const double momentum = c.number("momentum"); momentum != 0) {
    direction = c.state("momentum_buffer") * momentum + direction;
    c.set_state("momentum_buffer", direction);
  }
  return c.weight - direction * c.rounded(c.lr);
}

}  // namespace

const Optimizer optimizers::rmsprop{
    .name = "rmsprop",
    .doc = "w − lr · g / (√v + eps), v the running mean of g² (Hinton's lecture 6e, 2012); "
           "centered takes the square of the mean of g from it (Graves, 2013)",
    .settings = {lr_setting(1e-2),
                 {"alpha", 0.99, "of the running means", kNotNegative},
                 eps_setting(),
                 weight_decay_setting(0),
                 {"momentum", 0.0, "of the buffer of steps", kNotNegative},
                 {"centered", false, "by the variance instead of the mean square"},
                 decay_setting()},
    .slots = {"square_avg", "grad_avg", "momentum_buffer"},
    .update = update};

}  // namespace linnet::ir
