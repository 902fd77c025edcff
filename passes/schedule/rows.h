// rows: a convolution of few output channels, or the gradient of one's input: a vector is a piece
// of a row of pixels.
#pragma once

#include "passes/schedule/family.h"

namespace linnet::passes {

struct Rows {
  int64_t lanes = 0;     // pixels of a vector, in a row of the result
  int64_t channels = 0;  // that share the pixels they read
  int64_t rows = 0;      // of the result: they share the weights

  static constexpr std::array<Key<Rows>, 3> kKeys = {
      {{"lanes", &Rows::lanes}, {"channels", &Rows::channels}, {"rows", &Rows::rows}}};
  [[nodiscard]] static std::string fits(const ir::Graph& body);
  [[nodiscard]] static Choice<Rows> choose(const Candidate& group);
  [[nodiscard]] std::vector<int64_t> legal(const ir::Graph& body, size_t key) const;
  [[nodiscard]] std::vector<ir::Layout> layouts(const ir::Graph& body) const;
};

}  // namespace linnet::passes
