// direct: a convolution whose output channels fill vectors, a tile of pixels the registers.
#pragma once

#include "passes/schedule/family.h"

namespace linnet::passes {

struct Direct {
  int64_t lanes = 0;    // output channels of a vector, all of one group
  int64_t vectors = 0;  // of channels: they share the pixels they read
  int64_t pixels = 0;   // neighbours of a row of the result, after its pool: they share weights
  int64_t samples = 0;  // the same of samples

  static constexpr std::array kOps = {&ir::ops::conv2d};
  static constexpr std::array<Key<Direct>, 4> kKeys = {{{"lanes", &Direct::lanes},
                                                        {"vectors", &Direct::vectors},
                                                        {"pixels", &Direct::pixels},
                                                        {"samples", &Direct::samples}}};
  static constexpr Stores kStores = Stores::kChannelsLast;
  static constexpr bool kReadsChannelsLast = true;
  static constexpr bool kReadsHalo = true;
  [[nodiscard]] static std::string fits(const ir::Graph& body);
  [[nodiscard]] static Choice<Direct> choose(const Candidate& group);
  [[nodiscard]] std::vector<int64_t> legal(const ir::Graph& body, size_t key) const;
  [[nodiscard]] std::vector<ir::Layout> layouts(const ir::Graph& body) const;
};

}  // namespace linnet::passes
