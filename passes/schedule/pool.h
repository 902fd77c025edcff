// pool: windows over pictures whose channels are innermost: channels fill vectors, neighbours of a
// row share the columns of their windows.
#pragma once

#include "passes/schedule/family.h"

namespace linnet::passes {

struct Pool {
  int64_t lanes = 0;   // channels of a vector
  int64_t pixels = 0;  // neighbours of a row of the result

  static constexpr std::array kOps = {&ir::ops::max_pool2d, &ir::ops::avg_pool2d};
  static constexpr std::array<Key<Pool>, 2> kKeys = {
      {{"lanes", &Pool::lanes}, {"pixels", &Pool::pixels}}};
  static constexpr Stores kStores = Stores::kAsRead;
  static constexpr bool kReadsChannelsLast = true;
  [[nodiscard]] static std::string fits(const ir::Graph& body);
  [[nodiscard]] static Choice<Pool> choose(const Candidate& group);
  [[nodiscard]] std::vector<int64_t> legal(const ir::Graph& body, size_t key) const;
};

}  // namespace linnet::passes
