// relayout: a copy in another layout, transposed in registers.
#pragma once

#include "passes/schedule/family.h"

#include <tl/expected.hpp>

namespace linnet::passes {

struct Relayout {
  int64_t lanes = 0;  // rows and columns of a tile

  static constexpr std::array<Key<Relayout>, 1> kKeys = {{{"lanes", &Relayout::lanes}}};
  [[nodiscard]] static std::string fits(const ir::Graph& body);
  [[nodiscard]] static Choice<Relayout> choose(const Candidate& group);
  [[nodiscard]] std::vector<int64_t> legal(const ir::Graph& body, size_t key) const;
};

// Such a copy as matrices of which it stores the transposes: [count, rows, columns] becomes
// [count, rows / block, columns, block]. Where pictures have a halo, rows of pixels are apart and
// each is a matrix: [count, rows, height, columns] becomes [count, height, columns, rows].
struct Transposes {
  int64_t count = 1, rows = 1, columns = 1;
  int64_t height = 1;  // rows of a picture, if each is a matrix
  int64_t block = 1;   // stored rows side by side: all of them, or a layout's block

  [[nodiscard]] bool takes(int64_t lanes) const;
};
// What a group copies so, or why it does not.
[[nodiscard]] tl::expected<Transposes, std::string> transposes(const ir::Graph& body);

}  // namespace linnet::passes
