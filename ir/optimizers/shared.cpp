// Settings and terms that several optimisers have in common.
#include "ir/optimizers/shared.h"

namespace linnet::ir {

Setting lr_setting(double default_value) {
  return {"lr", default_value, "learning rate", kNotNegative};
}

Setting weight_decay_setting(double default_value) {
  return {"weight_decay", default_value, "how much a parameter is drawn to 0", kNotNegative};
}

Setting eps_setting() {
  return {"eps", 1e-8, "added to the divisor", kNotNegative};
}

Setting decay_setting() {
  return {.name = "decay",
          .default_value = Enum{"all"},
          .doc = "what weight_decay is for: all parameters, or those of two dimensions and more",
          .words = {"all", "weights"}};
}

double decay_of(const UpdateContext& c) {
  const bool weights_only = c.settings.text("decay") == "weights";
  return weights_only && c.weight.type().rank() < 2 ? 0 : c.number("weight_decay");
}

Var with_penalty(const UpdateContext& c) {
  const double decay = decay_of(c);
  return decay == 0 ? c.gradient : c.gradient + c.weight * decay;
}

Var running_mean(const UpdateContext& c, std::string_view name, double decay, const Var& value) {
  const Var next = c.state(name) * decay + value * (1 - decay);
  c.set_state(name, next);
  return next;
}

std::vector<Setting> adam_settings(double weight_decay) {
  return {lr_setting(1e-3),
          {"beta1", 0.9, "of the running mean of gradients", kBelowOne},
          {"beta2", 0.999, "of the running mean of their squares", kBelowOne},
          eps_setting(),
          weight_decay_setting(weight_decay),
          decay_setting()};
}

Var adam_step(const UpdateContext& c, const Var& weight, const Var& gradient) {
  const double beta1 = c.number("beta1");
  const double beta2 = c.number("beta2");
  const Var mean = running_mean(c, "exp_avg", beta1, gradient);
  const Var square = running_mean(c, "exp_avg_sq", beta2, gradient.apply(ops::square));
  const auto correction = [&](double beta) {
    return 1 - apply(ops::pow, c.step.splat(beta), c.step);
  };
  const Var size = c.rounded(c.lr / correction(beta1));
  const Var scale = c.rounded(correction(beta2).apply(ops::sqrt));
  const Var root = square.apply(ops::sqrt) / scale;
  return weight - size * mean / (root + root.splat(c.number("eps")));
}

}  // namespace linnet::ir
