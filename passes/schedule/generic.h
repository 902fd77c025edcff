// generic: any kernel, every op by its row.
#pragma once

#include "passes/schedule/family.h"

namespace linnet::passes {

struct Generic {
  static constexpr std::array<Key<Generic>, 0> kKeys = {};
  static constexpr Stores kStores = Stores::kAsRead;
  static constexpr bool kReadsChannelsLast = true;
  [[nodiscard]] static std::string fits(const ir::Graph& body);
  [[nodiscard]] static Choice<Generic> choose(const Candidate& group);
  [[nodiscard]] std::vector<int64_t> legal(const ir::Graph& body, size_t key) const;
};

}  // namespace linnet::passes
