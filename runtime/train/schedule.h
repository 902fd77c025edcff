// The learning rate over the steps, and what the validation loss decides.
#pragma once

#include "base/abi/train.h"

#include <cstdint>
#include <limits>

namespace linnet::runtime::train {

// What plateau and patience remember from epoch to epoch; all of it is in the checkpoint.
struct ScheduleState {
  double rate = 0;  // of `plateau`: the learning rate now
  double plateau_least = std::numeric_limits<double>::infinity();
  int64_t bad_epochs = 0, cooldown = 0;
  double least_loss = std::numeric_limits<double>::infinity();  // of validation
  int64_t least_epoch = 0;                                      // from 1 on; 0: none yet
};
[[nodiscard]] ScheduleState first_state(const linnet_recipe_v1& recipe);

// After epoch `epoch`, from 1 on. Plateau is torch.optim.lr_scheduler.ReduceLROnPlateau, mode
// "min". A loss that is not a number is no better than any.
void after_epoch(const linnet_recipe_v1& recipe, ScheduleState& state, int64_t epoch, double loss);

// Have `patience` epochs passed since the one with the least validation loss?
[[nodiscard]] bool out_of_patience(const linnet_recipe_v1& recipe, const ScheduleState& state,
                                   int64_t epochs);

// The learning rate of step `step`, from 1 on, of `steps` in all.
[[nodiscard]] double rate_of(const linnet_recipe_v1& recipe, const ScheduleState& state,
                             int64_t step, int64_t steps, int64_t steps_an_epoch);

}  // namespace linnet::runtime::train
