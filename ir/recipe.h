// What a train block may say besides its loss, its optimiser and what it clips or freezes: numbers
// and the schedule of the learning rate; and the structure in which the training loop reads it all.
#pragma once

#include "ir/contract.h"
#include "ir/setting.h"

#include <span>
#include <string_view>
#include <vector>

namespace linnet::ir {

// `epochs: 20`. A whole number from 1 on; `validation` is a part, from 0 to below 1.
struct TrainNumber {
  std::string_view target;
  double default_value;
};
[[nodiscard]] std::span<const TrainNumber> train_numbers();
// What a train block declares, or the default.
[[nodiscard]] double train_number(const std::vector<Declaration>& train, std::string_view target);
// Into how many parts it cuts the batch, each of which gives its own gradients; 1: none,
// as where there are no steps.
[[nodiscard]] int64_t shards_of(const std::vector<Declaration>& train);

// `schedule: step(step_size: 30)`. Names and defaults are torch.optim.lr_scheduler's.
struct RateSchedule {
  std::string_view name;
  int64_t form;  // enum linnet_schedule of base/abi/train.h
  std::vector<Setting> settings;
};
[[nodiscard]] std::span<const RateSchedule> rate_schedules();

// linnet_recipe_v1. `series`: samples are rows in time.
[[nodiscard]] Contract recipe_contract(const std::vector<Declaration>& train, bool series);

}  // namespace linnet::ir
