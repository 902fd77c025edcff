// The numbers and schedules of train blocks, and linnet_recipe_v1 made of them.
#include "ir/recipe.h"

#include "base/abi/train.h"
#include "ir/optimizer.h"
#include "support/check.h"

#include <algorithm>
#include <array>

namespace linnet::ir {
namespace {

Setting number(std::string_view name, double default_value, const Range& range,
               bool required = false) {
  return {.name = name,
          .default_value = default_value,
          .doc = {},
          .range = range,
          .required = required};
}

const std::vector<RateSchedule>& records() {
  static const std::vector<RateSchedule> kSchedules = {
      {"constant", LINNET_CONSTANT, {}},
      {"step",
       LINNET_STEP,
       {number("step_size", 1, kCount, true), number("gamma", 0.1, kNotNegative)}},
      {"exponential", LINNET_STEP, {number("gamma", 0.1, kNotNegative, true)}},
      {"cosine", LINNET_COSINE, {number("min_lr", 0, kNotNegative)}},
      {"plateau",
       LINNET_PLATEAU,
       // Ranges that are checked together with what plateau watches: frontend/lin/declare.cpp.
       {number("factor", 0.1, kAnyNumber), number("patience", 10, kAnyNumber),
        number("threshold", 1e-4, kNotNegative),
        Setting{.name = "threshold_mode",
                .default_value = Enum{"rel"},
                .doc = {},
                .words = {"rel", "abs"}},
        number("cooldown", 0, kAnyNumber), number("min_lr", 0, kNotNegative),
        number("eps", 1e-8, kNotNegative)}}};
  return kSchedules;
}

const Recipe* declared(const std::vector<Declaration>& train, std::string_view target) {
  const auto at = std::ranges::find(train, target, &Declaration::target);
  return at == train.end() ? nullptr : &at->recipe;
}

// All settings of all schedules: what one has not keeps its default, and is not looked at.
std::span<const Setting> schedule_settings() {
  static const std::vector<Setting> kSettings = [] {
    std::vector<Setting> all;
    for (const RateSchedule& schedule : records())
      all.insert(all.end(), schedule.settings.begin(), schedule.settings.end());
    return all;
  }();
  return kSettings;
}

}  // namespace

std::span<const TrainNumber> train_numbers() {
  static constexpr std::array kNumbers = std::to_array<TrainNumber>({{"batch", 32},
                                                                     {"shards", 1},
                                                                     {"epochs", 10},
                                                                     {"steps", 0},
                                                                     {"validation", 0},
                                                                     {"warmup", 0},
                                                                     {"window", 0},
                                                                     {"patience", 0}});
  return kNumbers;
}

double train_number(const std::vector<Declaration>& train, std::string_view target) {
  const auto known = std::ranges::find(train_numbers(), target, &TrainNumber::target);
  LINNET_CHECK(known != train_numbers().end(), "no number '" + std::string(target) + "'");
  const Recipe* recipe = declared(train, target);
  return recipe ? recipe->attrs.get_or(Key<double>{"value"}, known->default_value)
                : known->default_value;
}

int64_t shards_of(const std::vector<Declaration>& train) {
  if (chosen_optimizer(train).record->solves_at_once()) return 1;
  return static_cast<int64_t>(train_number(train, "shards"));
}

std::span<const RateSchedule> rate_schedules() {
  return records();
}

Contract recipe_contract(const std::vector<Declaration>& train, bool series) {
  const ChosenOptimizer optimizer = chosen_optimizer(train);
  const bool solves = optimizer.record->solves_at_once();
  const Recipe* given = declared(train, "schedule");
  const Recipe recipe = given ? *given : Recipe{"constant", {}};
  const auto schedule = std::ranges::find(records(), recipe.kind, &RateSchedule::name);
  LINNET_CHECK(schedule != records().end(), "no schedule '" + recipe.kind + "'");
  const Settings rate(recipe, schedule_settings());
  const auto whole = [&](std::string_view target) {
    return static_cast<int64_t>(train_number(train, target));
  };
  using R = linnet_recipe_v1;
  return Contract::of<R>()
      .set(&R::lr, solves ? 0 : optimizer.settings().number("lr"))
      .set(&R::schedule, schedule->form)
      .set(&R::gamma, rate.number("gamma"))
      .set(&R::step_size, rate.integer("step_size"))
      .set(&R::min_lr, rate.number("min_lr"))
      .set(&R::factor, rate.number("factor"))
      .set(&R::plateau_patience, rate.integer("patience"))
      .set(&R::threshold, rate.number("threshold"))
      .set(&R::threshold_abs, rate.word("threshold_mode"))
      .set(&R::cooldown, rate.integer("cooldown"))
      .set(&R::eps, rate.number("eps"))
      .set(&R::patience, whole("patience"))
      .set(&R::warmup, whole("warmup"))
      .set(&R::epochs, whole("steps") > 0 ? 0 : whole("epochs"))
      .set(&R::steps, whole("steps"))
      .set(&R::validation, train_number(train, "validation"))
      .set(&R::least_squares, solves ? 1 : 0)
      .set(&R::chronological, series ? 1 : 0);
}

}  // namespace linnet::ir
