// scatter: rows written where the indices say, one after the other.
#pragma once

#include "passes/schedule/family.h"

namespace linnet::passes {

struct Scatter {
  int64_t lanes = 0;  // elements of a vector, along a row

  static constexpr std::array<Key<Scatter>, 1> kKeys = {{{"lanes", &Scatter::lanes}}};
  [[nodiscard]] static std::string fits(const ir::Graph& body);
  [[nodiscard]] static Choice<Scatter> choose(const Candidate& group);
  [[nodiscard]] std::vector<int64_t> legal(const ir::Graph& body, size_t key) const;
};

}  // namespace linnet::passes
