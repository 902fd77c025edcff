// Adam, with the decay as a penalty in the loss.
#include "ir/optimizers/shared.h"

namespace linnet::ir {
namespace {

Var update(const UpdateContext& c) {
  return adam_step(c, c.weight, with_penalty(c));
}

}  // namespace

const Optimizer optimizers::adam{
    .name = "adam",
    .doc = "w − lr · m / (√v + eps), m and v the bias-corrected running means of the gradient and "
           "of its square (Kingma and Ba, 2015)",
    .settings = adam_settings(0),
    .slots = {"exp_avg", "exp_avg_sq"},
    .update = update};

}  // namespace linnet::ir
