// Finds graphs, kernels and slots by name, and tells kinds of slots by word.
#include "ir/module.h"

#include <algorithm>
#include <array>

namespace linnet::ir {
namespace {

constexpr std::array<std::string_view, 5> kKinds{"param", "buffer", "optimizer", "state",
                                                 "counter"};

template <class Range, class Field>
auto* find_named(Range& range, std::string_view wanted, Field field) {
  auto at = std::ranges::find_if(range, [&](const auto& item) { return item.*field == wanted; });
  return at == range.end() ? nullptr : &*at;
}

}  // namespace

std::string_view name(SlotKind kind) {
  return kKinds[static_cast<size_t>(kind)];
}

std::optional<SlotKind> slot_kind_from_name(std::string_view name) {
  const auto at = std::ranges::find(kKinds, name);
  if (at == kKinds.end()) return std::nullopt;
  return static_cast<SlotKind>(at - kKinds.begin());
}

const Graph* Module::graph(std::string_view graph_name) const {
  return find_named(graphs, graph_name, &Graph::name);
}
Graph* Module::graph(std::string_view graph_name) {
  return find_named(graphs, graph_name, &Graph::name);
}
const Graph* Module::kernel(std::string_view kernel_name) const {
  return find_named(kernels, kernel_name, &Graph::name);
}
const Slot* Module::slot(std::string_view path) const {
  return find_named(slots, path, &Slot::path);
}
Slot* Module::slot(std::string_view path) {
  return find_named(slots, path, &Slot::path);
}

const Declaration* Module::training(std::string_view target) const {
  return find_named(train, target, &Declaration::target);
}

bool Module::untrained() const {
  return std::ranges::any_of(slots, [](const Slot& slot) {
    return slot.kind == SlotKind::kParameter && !slot.frozen && !slot.value;
  });
}

}  // namespace linnet::ir
