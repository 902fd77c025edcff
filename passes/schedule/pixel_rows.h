// pixel_rows: a convolution of few output channels, or the gradient of one's input: a vector is a
// piece of a row of pixels.
#pragma once

#include "passes/schedule/family.h"

namespace linnet::passes {

struct PixelRows {
  int64_t lanes = 0;     // pixels of a vector, in a row of the result
  int64_t channels = 0;  // that share the pixels they read
  int64_t rows = 0;      // of the result: they share the weights

  static constexpr std::array kOps = {&ir::ops::conv2d};
  static constexpr std::array<Key<PixelRows>, 3> kKeys = {{{"lanes", &PixelRows::lanes},
                                                           {"channels", &PixelRows::channels},
                                                           {"rows", &PixelRows::rows}}};
  [[nodiscard]] static std::string fits(const ir::Graph& body);
  [[nodiscard]] static Choice<PixelRows> choose(const Candidate& group);
  [[nodiscard]] std::vector<int64_t> legal(const ir::Graph& body, size_t key) const;
  // Are rows read where they lie instead of in a copy?
  [[nodiscard]] bool in_place(const ir::Graph& body) const;
};

}  // namespace linnet::passes
