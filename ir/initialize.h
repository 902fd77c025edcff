// Initial values of parameters and state: Philox numbers, the same bits on every machine.
#pragma once

#include "ir/module.h"

#include "base/initialize.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::ir {

// One setting of an initialiser, always a number.
struct InitializerSetting {
  std::string_view name;
  std::optional<double> default_value;  // absent: it must be given
};

struct Initializer {
  std::string_view name;
  std::string_view doc;
  std::vector<InitializerSetting> settings;
};

// zeros, ones, constant(value), uniform(a, b), normal(mean, std), and by the fans of the shape
// glorot_uniform(gain), glorot_normal(gain), kaiming_uniform(a), kaiming_normal(a),
// truncated_normal(mean, std, a, b), orthogonal(gain); the
// definitions are torch.nn.init's (fan_in mode, leaky ReLU with slope a).
[[nodiscard]] std::span<const Initializer> initializers();
[[nodiscard]] const Initializer* find_initializer(std::string_view name);

// The numbers a recipe gives, for base/initialize.h.
[[nodiscard]] std::vector<InitialSetting> initial_settings(const Recipe& recipe);

// The first value of a slot: key = seed, stream = the slot's index in the module, step 0. Numbers
// are computed in f64 and rounded once, so that an f64 model begins as the f32 one does. The
// attributes `fan_in` and `fan_out` of the recipe, where given, stand for the shape's.
[[nodiscard]] Tensor initial_value(const Slot& slot, uint64_t seed, uint32_t stream);
// The same of one of the module's slots.
[[nodiscard]] Tensor initial_value(const Module& module, const Slot& slot, uint64_t seed);

}  // namespace linnet::ir
