// Adam with the decay apart from the gradient.
#include "ir/optimizers/shared.h"

namespace linnet::ir {
namespace {

Var update(const UpdateContext& c) {
  Var weight = c.weight;
  if (decay_of(c) != 0) weight = weight * c.rounded(1 - c.lr * decay_of(c));
  return adam_step(c, weight, c.gradient);
}

}  // namespace

const Optimizer optimizers::adamw{
    .name = "adamw",
    .doc = "adam from w · (1 − lr · weight_decay), so that the decay does not pass through the "
           "running means (Loshchilov and Hutter, 2019)",
    .settings = adam_settings(1e-2),
    .slots = {"exp_avg", "exp_avg_sq"},
    .update = update};

}  // namespace linnet::ir
