#include "passes/training/optimizers.h"

#include "support/check.h"

namespace linnet::passes {
namespace {

using ir::Var;

// Does weight decay touch this parameter?
double decay_of(const UpdateContext& c) {
  if (ir::optimizer_flag(c.recipe, "decay") && c.weight.type().rank() < 2) return 0;
  return c.number("weight_decay");
}

// L2: the gradient of weight_decay / 2 · ‖w‖².
Var with_penalty(const UpdateContext& c) {
  const double decay = decay_of(c);
  return decay == 0 ? c.gradient : c.gradient + c.weight * decay;
}

// a · decay + b · (1 − decay), the running mean of Adam and RMSprop, kept as state `name`.
Var running(const UpdateContext& c, std::string_view name, double decay, const Var& value) {
  const Var next = c.state(name) * decay + value * (1 - decay);
  c.set_state(name, next);
  return next;
}

Var sgd(const UpdateContext& c) {
  Var direction = with_penalty(c);
  const double momentum = c.number("momentum");
  if (momentum != 0) {
    // The first step begins with the gradient itself: 0 · momentum + gradient; dampening would
    // make it smaller, which torch leaves out then.
    const double dampening = c.number("dampening");
    Var fresh = direction;
    if (dampening != 0) {
      const Var first = apply(ir::ops::eq, c.step, c.step.splat(1));
      const Var factor = c.rounded(select(first, c.step.splat(1), c.step.splat(1 - dampening)));
      fresh = direction * factor;
    }
    const Var buffer = c.state("momentum_buffer") * momentum + fresh;
    c.set_state("momentum_buffer", buffer);
    direction = ir::optimizer_flag(c.recipe, "nesterov") ? direction + buffer * momentum : buffer;
  }
  return c.weight - direction * c.rounded(c.lr);
}

// Kingma and Ba, 2015; decoupled decay: Loshchilov and Hutter, 2019.
Var adam(const UpdateContext& c) {
  const bool decoupled = c.recipe.kind == "adamw";
  const double beta1 = c.number("beta1");
  const double beta2 = c.number("beta2");
  const Var gradient = decoupled ? c.gradient : with_penalty(c);
  Var weight = c.weight;
  if (decoupled && decay_of(c) != 0) weight = weight * c.rounded(1 - c.lr * decay_of(c));
  const Var mean = running(c, "exp_avg", beta1, gradient);
  const Var square = running(c, "exp_avg_sq", beta2, gradient.apply(ir::ops::square));
  const auto correction = [&](double beta) {
    return 1 - apply(ir::ops::pow, c.step.splat(beta), c.step);
  };
  const Var size = c.rounded(c.lr / correction(beta1));
  const Var scale = c.rounded(correction(beta2).apply(ir::ops::sqrt));
  const Var root = square.apply(ir::ops::sqrt) / scale;
  return weight - size * mean / (root + root.splat(c.number("eps")));
}

// Hinton's lecture 6e, 2012; centered: Graves, 2013.
Var rmsprop(const UpdateContext& c) {
  const double alpha = c.number("alpha");
  const Var gradient = with_penalty(c);
  Var square = running(c, "square_avg", alpha, gradient.apply(ir::ops::square));
  if (ir::optimizer_flag(c.recipe, "centered")) {
    const Var mean = running(c, "grad_avg", alpha, gradient);
    square = square - mean.apply(ir::ops::square);
  }
  const Var root = square.apply(ir::ops::sqrt);
  Var direction = gradient / (root + root.splat(c.number("eps")));
  if (const double momentum = c.number("momentum"); momentum != 0) {
    direction = c.state("momentum_buffer") * momentum + direction;
    c.set_state("momentum_buffer", direction);
  }
  return c.weight - direction * c.rounded(c.lr);
}

}  // namespace

Var UpdateContext::rounded(const Var& scalar) const {
  const ir::DType dtype = weight.type().dtype;
  if (scalar.type().dtype == dtype) return scalar;
  return scalar.apply(ir::ops::cast, {{"dtype", dtype}});
}

Var updated(const UpdateContext& c) {
  // Solved at once by the training driver: a step changes nothing.
  if (c.recipe.kind == "least_squares") return c.weight;
  if (c.recipe.kind == "sgd") return sgd(c);
  if (c.recipe.kind == "rmsprop") return rmsprop(c);
  LINNET_CHECK(c.recipe.kind == "adam" || c.recipe.kind == "adamw",
               "no optimizer '" + c.recipe.kind + "'");
  return adam(c);
}

}  // namespace linnet::passes
