// The table of initializers (uniform, normal, Kaiming, Glorot …) and the values they give.
#include "ir/initialize.h"

#include <algorithm>

namespace linnet::ir {
namespace {

const std::vector<Initializer>& table() {
  static const std::vector<Initializer> kTable = {
      {"zeros", "0 everywhere", {}},
      {"ones", "1 everywhere", {}},
      {"constant", "`value` everywhere", {{"value", std::nullopt}}},
      {"uniform", "uniform in [a, b)", {{"a", 0.0}, {"b", 1.0}}},
      {"normal", "normal with this mean and standard deviation", {{"mean", 0.0}, {"std", 1.0}}},
      {"glorot_uniform", "uniform in ±gain·√(6 / (fan_in + fan_out))", {{"gain", 1.0}}},
      {"glorot_normal", "normal of deviation gain·√(2 / (fan_in + fan_out))", {{"gain", 1.0}}},
      {"kaiming_uniform", "uniform in ±√(6 / ((1 + a²)·fan_in))", {{"a", 0.0}}},
      {"truncated_normal",
       "normal, drawn again where it falls outside [a, b]",
       {{"mean", 0.0}, {"std", 1.0}, {"a", -2.0}, {"b", 2.0}}},
      {"orthogonal", "rows (or columns, if fewer) orthonormal, times gain", {{"gain", 1.0}}},
      {"kaiming_normal", "normal of deviation √(2 / ((1 + a²)·fan_in))", {{"a", 0.0}}},
  };
  return kTable;
}

}  // namespace

std::span<const Initializer> initializers() {
  return table();
}

const Initializer* find_initializer(std::string_view name) {
  const auto at = std::ranges::find(table(), name, &Initializer::name);
  return at == table().end() ? nullptr : &*at;
}

std::vector<InitialSetting> initial_settings(const Recipe& recipe) {
  std::vector<InitialSetting> settings;
  for (const auto& [name, attr] : recipe.attrs) {
    if (const int64_t* integer = std::get_if<int64_t>(&attr))
      settings.push_back({name, static_cast<double>(*integer)});
    if (const double* number = std::get_if<double>(&attr)) settings.push_back({name, *number});
  }
  return settings;
}

Tensor initial_value(const Slot& slot, uint64_t seed, uint32_t stream) {
  if (slot.value) return *slot.value;
  Type type = slot.type;
  type.layout = {};
  const auto settings = initial_settings(slot.initializer);
  const std::vector<double> values =
      initial_values(slot.initializer.kind, settings, type.shape, seed, stream);
  return values.size() == 1 ? Tensor::splat(type, values.front())
                            : Tensor::from_doubles(type, values);
}

Tensor initial_value(const Module& module, const Slot& slot, uint64_t seed) {
  return initial_value(slot, seed, static_cast<uint32_t>(&slot - module.slots.data()));
}

}  // namespace linnet::ir
