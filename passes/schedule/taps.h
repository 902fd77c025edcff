// taps: a convolution whose window is larger than its result, such as the gradient of a
// convolution's weight: a vector is a piece of a row of the window.
#pragma once

#include "passes/schedule/family.h"

namespace linnet::passes {

struct Taps {
  int64_t lanes = 0;     // pixels of a vector, in a row of the window
  int64_t channels = 0;  // that share the pixels they read

  static constexpr std::array kOps = {&ir::ops::conv2d};
  static constexpr std::array<Key<Taps>, 2> kKeys = {
      {{"lanes", &Taps::lanes}, {"channels", &Taps::channels}}};
  [[nodiscard]] static std::string fits(const ir::Graph& body);
  [[nodiscard]] static Choice<Taps> choose(const Candidate& group);
  [[nodiscard]] std::vector<int64_t> legal(const ir::Graph& body, size_t key) const;
};

}  // namespace linnet::passes
