// Something for every value of a graph, found by the value.
#pragma once

#include "ir/graph.h"

#include <cstddef>
#include <span>
#include <vector>

namespace linnet::ir {

template <class T> class ValueMap {
public:
  explicit ValueMap(const Graph& graph, const T& initial = T())
      : list_(graph.values().size(), initial) {}

  [[nodiscard]] decltype(auto) operator[](ValueId value) { return list_[at(value)]; }
  [[nodiscard]] decltype(auto) operator[](ValueId value) const { return list_[at(value)]; }

private:
  static size_t at(ValueId value) { return static_cast<size_t>(value.index); }

  std::vector<T> list_;
};

// Which values are one of `sources` or computed from one.
[[nodiscard]] ValueMap<bool> dependents(const Graph& graph, std::span<const ValueId> sources);

}  // namespace linnet::ir
