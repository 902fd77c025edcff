// torch.optim.lr_scheduler's schedules.
#include "runtime/train/schedule.h"

#include "base/math.h"
#include "base/scalar_backend.h"

#include <algorithm>
#include <numbers>

namespace linnet::runtime::train {

ScheduleState first_state(const linnet_recipe_v1& recipe) {
  ScheduleState state;
  state.rate = recipe.lr;
  return state;
}

void after_epoch(const linnet_recipe_v1& recipe, ScheduleState& state, int64_t epoch, double loss) {
  if (loss < state.least_loss) {
    state.least_loss = loss;
    state.least_epoch = epoch;
  }
  if (recipe.schedule != LINNET_PLATEAU) return;
  const double least = state.plateau_least;
  const bool better = recipe.threshold_abs ? loss < least - recipe.threshold
                                           : loss < least * (1 - recipe.threshold);
  if (better) {
    state.plateau_least = loss;
    state.bad_epochs = 0;
  } else {
    ++state.bad_epochs;
  }
  if (state.cooldown > 0) {
    --state.cooldown;
    state.bad_epochs = 0;
  }
  if (state.bad_epochs <= recipe.plateau_patience) return;
  const double next = std::max(state.rate * recipe.factor, recipe.min_lr);
  if (state.rate - next > recipe.eps) state.rate = next;
  state.cooldown = recipe.cooldown;
  state.bad_epochs = 0;
}

bool out_of_patience(const linnet_recipe_v1& recipe, const ScheduleState& state, int64_t epochs) {
  return recipe.patience > 0 && epochs - state.least_epoch >= recipe.patience;
}

double rate_of(const linnet_recipe_v1& recipe, const ScheduleState& state, int64_t step,
               int64_t steps, int64_t steps_an_epoch) {
  using Math = math::Scalar<double>;
  double rate = recipe.lr;
  if (recipe.schedule == LINNET_STEP) {
    const int64_t times = (step - 1) / steps_an_epoch / std::max<int64_t>(recipe.step_size, 1);
    for (int64_t i = 0; i < times && rate != 0; ++i)
      rate *= recipe.gamma;
  } else if (recipe.schedule == LINNET_COSINE) {
    const double part =
        static_cast<double>(step - 1) / static_cast<double>(std::max<int64_t>(steps, 1));
    const double wave = (1 + math::cos<Math>(std::numbers::pi * part)) * 0.5;
    rate = recipe.min_lr + (recipe.lr - recipe.min_lr) * wave;
  } else if (recipe.schedule == LINNET_PLATEAU) {
    rate = state.rate;
  }
  if (step <= recipe.warmup) rate *= static_cast<double>(step) / static_cast<double>(recipe.warmup);
  return rate;
}

}  // namespace linnet::runtime::train
