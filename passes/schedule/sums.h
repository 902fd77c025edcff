// sums: a long sum or mean along rows.
#pragma once

#include "passes/schedule/family.h"

namespace linnet::passes {

struct Sums {
  int64_t lanes = 0;  // elements of a vector, in a row

  static constexpr std::array<Key<Sums>, 1> kKeys = {{{"lanes", &Sums::lanes}}};
  [[nodiscard]] static std::string fits(const ir::Graph& body);
  [[nodiscard]] static Choice<Sums> choose(const Candidate& group);
  [[nodiscard]] std::vector<int64_t> legal(const ir::Graph& body, size_t key) const;
};

}  // namespace linnet::passes
