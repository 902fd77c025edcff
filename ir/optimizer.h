// The optimisers a `train` block may name, with their settings: torch.optim's names and defaults.
#pragma once

#include "ir/module.h"

#include <span>
#include <string_view>
#include <vector>

namespace linnet::ir {

struct OptimizerSetting {
  std::string_view name;
  Attr default_value;  // its alternative is the type: a double, a bool, or a word
  std::vector<std::string_view> words = {};
};

struct Optimizer {
  std::string_view name;
  std::vector<OptimizerSetting> settings;
};

// sgd, adam, adamw, rmsprop.
[[nodiscard]] std::span<const Optimizer> optimizers();
[[nodiscard]] const Optimizer* find_optimizer(std::string_view name);

// A setting of a recipe, or its default.
[[nodiscard]] double optimizer_number(const Recipe& recipe, std::string_view setting);
[[nodiscard]] bool optimizer_flag(const Recipe& recipe, std::string_view setting);

}  // namespace linnet::ir
