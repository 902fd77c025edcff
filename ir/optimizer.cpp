// Finds the records of optimisers.
#include "ir/optimizer.h"

#include "support/check.h"

#include <algorithm>
#include <array>

namespace linnet::ir {
namespace {

constexpr auto kOptimizers = std::to_array<const Optimizer*>({
#define LINNET_OPTIMIZER(name) &optimizers::name,
#include "ir/optimizers.def"
#undef LINNET_OPTIMIZER
});

}  // namespace

std::span<const Optimizer* const> all_optimizers() {
  return kOptimizers;
}

const Optimizer* find_optimizer(std::string_view name) {
  const auto at = std::ranges::find(kOptimizers, name, &Optimizer::name);
  return at == kOptimizers.end() ? nullptr : *at;
}

ChosenOptimizer chosen_optimizer(const std::vector<Declaration>& train) {
  const auto at = std::ranges::find(train, "optimizer", &Declaration::target);
  if (at == train.end()) return {&optimizers::sgd, {std::string(optimizers::sgd.name), {}}};
  const Optimizer* record = find_optimizer(at->recipe.kind);
  LINNET_CHECK(record != nullptr, "no optimizer '" + at->recipe.kind + "'");
  return {record, at->recipe};
}

Place optimizer_place(const std::vector<Declaration>& train) {
  const auto at = std::ranges::find(train, "optimizer", &Declaration::target);
  if (at == train.end() || !at->place.known()) return Place::named("optimizer");
  return at->place;
}

Var UpdateContext::rounded(const Var& scalar) const {
  const DType dtype = weight.type().dtype;
  if (scalar.type().dtype == dtype) return scalar;
  return scalar.apply(ops::cast, {{"dtype", dtype}});
}

}  // namespace linnet::ir
