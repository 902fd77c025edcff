// dense: a matmul with a packed weight, read from front to back.
#pragma once

#include "passes/schedule/family.h"

namespace linnet::passes {

struct Dense {
  int64_t lanes = 0;    // outputs of a vector
  int64_t vectors = 0;  // of outputs: they share the values they read
  int64_t chains = 0;   // of additions side by side, to hide the latency of one
  int64_t rows = 0;     // of the input: they share the weights

  static constexpr std::array kOps = {&ir::ops::matmul};
  static constexpr std::array<Key<Dense>, 4> kKeys = {{{"lanes", &Dense::lanes},
                                                       {"vectors", &Dense::vectors},
                                                       {"chains", &Dense::chains},
                                                       {"rows", &Dense::rows}}};
  [[nodiscard]] static std::string fits(const ir::Graph& body);
  [[nodiscard]] static Choice<Dense> choose(const Candidate& group);
  [[nodiscard]] std::vector<int64_t> legal(const ir::Graph& body, size_t key) const;
  [[nodiscard]] std::vector<ir::Layout> layouts(const ir::Graph& body) const;
};

}  // namespace linnet::passes
