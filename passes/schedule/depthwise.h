// depthwise: a convolution of groups too small to fill a vector, of one channel as a rule: the
// channels of many groups fill vectors.
#pragma once

#include "passes/schedule/family.h"

namespace linnet::passes {

struct Depthwise {
  int64_t lanes = 0;    // output channels of a vector
  int64_t pixels = 0;   // neighbours of a row of the result, after its pool: they share weights
  int64_t vectors = 0;  // of channels that go down the picture side by side

  static constexpr std::array kOps = {&ir::ops::conv2d};
  static constexpr std::array<Key<Depthwise>, 3> kKeys = {
      {{"lanes", &Depthwise::lanes},
       {"pixels", &Depthwise::pixels},
       {"vectors", &Depthwise::vectors, Key<Depthwise>::kInTurn}}};
  static constexpr Stores kStores = Stores::kChannelsLast;
  static constexpr bool kReadsChannelsLast = true;
  static constexpr bool kWantsChannelsLast = true;
  static constexpr bool kReadsHalo = true;
  [[nodiscard]] static std::string fits(const ir::Graph& body);
  [[nodiscard]] static Choice<Depthwise> choose(const Candidate& group);
  [[nodiscard]] std::vector<int64_t> legal(const ir::Graph& body, size_t key) const;
  [[nodiscard]] std::vector<ir::Layout> layouts(const ir::Graph& body) const;
};

}  // namespace linnet::passes
