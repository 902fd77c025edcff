#include "ir/optimizer.h"

#include "support/check.h"

#include <algorithm>
#include <array>

namespace linnet::ir {
namespace {

// Which parameters decay: all, as torch.optim does, or those of two dimensions and more.
const OptimizerSetting kDecay{"decay", Enum{"all"}, {"all", "weights"}};

const std::vector<Optimizer>& table() {
  static const std::vector<Optimizer> kTable = {
      {"sgd",
       {{"lr", 1e-3},
        {"momentum", 0.0},
        {"dampening", 0.0},
        {"weight_decay", 0.0},
        {"nesterov", false},
        kDecay}},
      {"adam",
       {{"lr", 1e-3},
        {"beta1", 0.9},
        {"beta2", 0.999},
        {"eps", 1e-8},
        {"weight_decay", 0.0},
        kDecay}},
      {"adamw",
       {{"lr", 1e-3},
        {"beta1", 0.9},
        {"beta2", 0.999},
        {"eps", 1e-8},
        {"weight_decay", 1e-2},
        kDecay}},
      {"rmsprop",
       {{"lr", 1e-2},
        {"alpha", 0.99},
        {"eps", 1e-8},
        {"weight_decay", 0.0},
        {"momentum", 0.0},
        {"centered", false},
        kDecay}},
      {"least_squares", {{"lr", 0.0}}},
  };
  return kTable;
}

const Attr& setting_of(const Recipe& recipe, std::string_view name) {
  if (const Attr* given = recipe.attrs.find(name)) return *given;
  const Optimizer* optimizer = find_optimizer(recipe.kind);
  LINNET_CHECK(optimizer != nullptr, "no optimizer '" + recipe.kind + "'");
  const auto at = std::ranges::find(optimizer->settings, name, &OptimizerSetting::name);
  LINNET_CHECK(at != optimizer->settings.end(), "no setting '" + std::string(name) + "'");
  return at->default_value;
}

}  // namespace

std::span<const Optimizer> optimizers() {
  return table();
}

const Optimizer* find_optimizer(std::string_view name) {
  const auto at = std::ranges::find(table(), name, &Optimizer::name);
  return at == table().end() ? nullptr : &*at;
}

double optimizer_number(const Recipe& recipe, std::string_view setting) {
  return std::get<double>(setting_of(recipe, setting));
}

bool optimizer_flag(const Recipe& recipe, std::string_view setting) {
  const Attr& attr = setting_of(recipe, setting);
  if (const Enum* word = std::get_if<Enum>(&attr)) return word->word == "weights";
  return std::get<bool>(attr);
}

}  // namespace linnet::ir
