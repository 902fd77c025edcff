// The optimisers of torch.optim, as nodes: a parameter and its gradient give the next value.
#pragma once

#include "ir/gradient.h"
#include "ir/optimizer.h"

#include <functional>
#include <string_view>

namespace linnet::passes {

// One parameter in one step.
struct UpdateContext {
  ir::Var weight, gradient;
  ir::Var lr;    // f64 scalar
  ir::Var step;  // f64 scalar, from 1 on
  const ir::Recipe& recipe;
  // The optimiser's own value for this parameter (of its type, at first 0), and its next one.
  std::function<ir::Var(std::string_view name)> state;
  std::function<void(std::string_view name, const ir::Var& next)> set_state;

  [[nodiscard]] double number(std::string_view setting) const {
    return ir::optimizer_number(recipe, setting);
  }
  // An f64 scalar in the weight's dtype.
  [[nodiscard]] ir::Var rounded(const ir::Var& scalar) const;
};

// The parameter's next value; the formulas are torch.optim's SGD, Adam, AdamW, RMSprop (PyTorch
// 2.x, foreach and fused variants apart).
[[nodiscard]] ir::Var updated(const UpdateContext& c);

}  // namespace linnet::passes
