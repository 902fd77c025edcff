// concat: pieces side by side, each copied by a loop of its own; elementwise ops before and after
// are computed on the way.
#pragma once

#include "passes/schedule/family.h"

namespace linnet::passes {

struct Concat {
  int64_t lanes = 0;  // elements of a vector

  static constexpr std::array<Key<Concat>, 1> kKeys = {{{"lanes", &Concat::lanes}}};
  static constexpr Stores kStores = Stores::kAsRead;
  static constexpr bool kReadsChannelsLast = true;
  [[nodiscard]] static std::string fits(const ir::Graph& body);
  [[nodiscard]] static Choice<Concat> choose(const Candidate& group);
  [[nodiscard]] std::vector<int64_t> legal(const ir::Graph& body, size_t key) const;
};

}  // namespace linnet::passes
