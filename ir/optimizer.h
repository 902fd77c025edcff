// The optimisers a `train` block may name: one record each, with its settings and its update.
// Names, defaults and formulas are torch.optim's (PyTorch 2.x, foreach and fused variants apart).
#pragma once

#include "ir/gradient.h"
#include "ir/setting.h"

#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace linnet::ir {

struct UpdateContext;

struct Optimizer {
  std::string_view name;
  std::string_view doc;  // what it is, with its formula's source
  std::vector<Setting> settings;
  // What it keeps for each parameter, of the parameter's type and at first 0. A step that asks for
  // fewer of them has fewer slots.
  std::vector<std::string_view> slots = {};
  // The parameter's next value. nullptr: the training driver finds the parameters at once, and a
  // step changes nothing.
  Var (*update)(const UpdateContext&) = nullptr;

  [[nodiscard]] bool solves_at_once() const { return update == nullptr; }
};

// In the order of ir/optimizers.def.
[[nodiscard]] std::span<const Optimizer* const> all_optimizers();
[[nodiscard]] const Optimizer* find_optimizer(std::string_view name);

// What a train block declares, or what it means if it names none: sgd().
struct ChosenOptimizer {
  const Optimizer* record;
  Recipe recipe;
  [[nodiscard]] Settings settings() const { return {recipe, record->settings}; }
};
[[nodiscard]] ChosenOptimizer chosen_optimizer(const std::vector<Declaration>& train);
// Where the nodes of its step are in the model: at its declaration, or named "optimizer".
[[nodiscard]] Place optimizer_place(const std::vector<Declaration>& train);

// One parameter in one step.
struct UpdateContext {
  Settings settings;
  Var weight, gradient;
  Var lr;    // f64 scalar
  Var step;  // f64 scalar, from 1 on
  // The optimiser's own value for this parameter, one of Optimizer::slots, and its next one.
  std::function<Var(std::string_view name)> state;
  std::function<void(std::string_view name, const Var& next)> set_state;

  [[nodiscard]] double number(std::string_view setting) const { return settings.number(setting); }
  [[nodiscard]] bool flag(std::string_view setting) const { return settings.flag(setting); }
  // An f64 scalar in the weight's dtype.
  [[nodiscard]] Var rounded(const Var& scalar) const;
};

// The records, by name.
namespace optimizers {
#define LINNET_OPTIMIZER(name) extern const Optimizer name;
#include "ir/optimizers.def"
#undef LINNET_OPTIMIZER
}  // namespace optimizers

}  // namespace linnet::ir
