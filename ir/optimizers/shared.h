// What optimisers share: settings of the same name mean the same.
#pragma once

#include "ir/optimizer.h"

namespace linnet::ir {

[[nodiscard]] Setting lr_setting(double default_value);
[[nodiscard]] Setting weight_decay_setting(double default_value);
[[nodiscard]] Setting eps_setting();
// Which parameters decay: all, as torch.optim does, or those of two dimensions and more.
[[nodiscard]] Setting decay_setting();

// The weight decay of this parameter.
[[nodiscard]] double decay_of(const UpdateContext& c);
// The gradient of loss + weight_decay / 2 · ‖w‖² (L2).
[[nodiscard]] Var with_penalty(const UpdateContext& c);
// state · decay + value · (1 − decay): the running mean kept as slot `name`.
[[nodiscard]] Var running_mean(const UpdateContext& c, std::string_view name, double decay,
                               const Var& value);

// Adam's step from `weight` against `gradient` (Kingma and Ba, 2015), with its own slots.
[[nodiscard]] Var adam_step(const UpdateContext& c, const Var& weight, const Var& gradient);
[[nodiscard]] std::vector<Setting> adam_settings(double weight_decay);

}  // namespace linnet::ir
