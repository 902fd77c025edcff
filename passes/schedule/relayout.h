// relayout: a copy in another layout, transposed in registers.
#pragma once

#include "passes/schedule/family.h"

namespace linnet::passes {

struct Relayout {
  int64_t lanes = 0;  // rows and columns of a tile

  static constexpr std::array<Key<Relayout>, 1> kKeys = {{{"lanes", &Relayout::lanes}}};
  [[nodiscard]] static std::string fits(const ir::Graph& body);
  [[nodiscard]] static Choice<Relayout> choose(const Candidate& group);
  [[nodiscard]] std::vector<int64_t> legal(const ir::Graph& body, size_t key) const;
};

}  // namespace linnet::passes
