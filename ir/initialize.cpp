#include "ir/initialize.h"

#include "ir/scalar_math.h"

#include "runtime/philox.h"
#include "support/check.h"

#include <algorithm>
#include <cmath>
#include <numbers>

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
      {"kaiming_normal", "normal of deviation √(2 / ((1 + a²)·fan_in))", {{"a", 0.0}}},
  };
  return kTable;
}

double setting(const Recipe& recipe, std::string_view name, double fallback) {
  const Attr* attr = recipe.attrs.find(name);
  if (!attr) return fallback;
  if (const int64_t* integer = std::get_if<int64_t>(attr)) return static_cast<double>(*integer);
  const double* number = std::get_if<double>(attr);
  return number ? *number : fallback;
}

// What the elements are drawn from.
struct Distribution {
  bool normal = false;
  double centre = 0;  // lower end, or mean
  double width = 0;   // upper end − lower end, or standard deviation
};

Distribution symmetric(double bound) {
  return {false, -bound, 2 * bound};
}

Distribution distribution(const Recipe& recipe, const Shape& shape) {
  const auto get = [&](std::string_view name, double fallback) {
    return setting(recipe, name, fallback);
  };
  const Fans fan = fans(shape);
  const double in = get("fan_in", static_cast<double>(fan.in));
  const double out = get("fan_out", static_cast<double>(fan.out));
  const double a = get("a", 0);
  const double gain = get("gain", 1);
  // A fan of 0 belongs to a tensor without elements.
  const double kaiming = 2 / ((1 + a * a) * std::max(in, 1.0));
  const double glorot = gain * gain * 2 / std::max(in + out, 1.0);
  if (recipe.kind == "zeros") return {};
  if (recipe.kind == "ones") return {false, 1, 0};
  if (recipe.kind == "constant") return {false, get("value", 0), 0};
  if (recipe.kind == "uniform") return {false, a, get("b", 1) - a};
  if (recipe.kind == "normal") return {true, get("mean", 0), get("std", 1)};
  if (recipe.kind == "glorot_uniform") return symmetric(std::sqrt(3 * glorot));
  if (recipe.kind == "glorot_normal") return {true, 0, std::sqrt(glorot)};
  if (recipe.kind == "kaiming_uniform") return symmetric(std::sqrt(3 * kaiming));
  if (recipe.kind == "kaiming_normal") return {true, 0, std::sqrt(kaiming)};
  LINNET_CHECK(false, "no initialiser '" + recipe.kind + "'");
}

// Box and Muller, "A note on the generation of random normal deviates", 1958: element e takes
// the uniform numbers 2e and 2e + 1.
double standard_normal(uint64_t seed, uint32_t stream, uint64_t element) {
  const double u = 1 - runtime::philox_uniform_f64(seed, stream, 0, 2 * element);  // never 0
  const double v = runtime::philox_uniform_f64(seed, stream, 0, 2 * element + 1);
  return std::sqrt(-2 * scalar::log(u)) * scalar::cos(2 * std::numbers::pi * v);
}

}  // namespace

std::span<const Initializer> initializers() {
  return table();
}

const Initializer* find_initializer(std::string_view name) {
  const auto at = std::ranges::find(table(), name, &Initializer::name);
  return at == table().end() ? nullptr : &*at;
}

Fans fans(const Shape& shape) {
  if (shape.empty()) return {};
  if (shape.size() == 1) return {shape[0], shape[0]};
  int64_t taps = 1;
  for (size_t dim = 2; dim < shape.size(); ++dim)
    taps *= shape[dim];
  return {shape[1] * taps, shape[0] * taps};
}

Tensor initial_value(const Slot& slot, uint64_t seed, uint32_t stream) {
  if (slot.value) return *slot.value;
  const Distribution d = distribution(slot.initializer, slot.type.shape);
  Type type = slot.type;
  type.layout = {};
  if (d.width == 0) return Tensor::splat(type, d.centre);
  std::vector<double> values(static_cast<size_t>(type.elements()));
  for (size_t i = 0; i < values.size(); ++i) {
    const double number = d.normal ? standard_normal(seed, stream, i)
                                   : runtime::philox_uniform_f64(seed, stream, 0, i);
    values[i] = std::fma(d.width, number, d.centre);
  }
  return Tensor::from_doubles(type, values);
}

}  // namespace linnet::ir
