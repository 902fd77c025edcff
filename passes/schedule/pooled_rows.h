// pooled_rows: few input and output channels; a vector is a row of pooled pixels, whose windows'
// pixels are accumulators of their own.
#pragma once

#include "passes/schedule/family.h"

namespace linnet::passes {

struct PooledRows {
  int64_t lanes = 0;     // pooled pixels of a vector
  int64_t channels = 0;  // that share the pixels they read

  static constexpr std::array kOps = {&ir::ops::conv2d};
  static constexpr std::array<Key<PooledRows>, 2> kKeys = {
      {{"lanes", &PooledRows::lanes}, {"channels", &PooledRows::channels}}};
  [[nodiscard]] static std::string fits(const ir::Graph& body);
  [[nodiscard]] static Choice<PooledRows> choose(const Candidate& group);
  [[nodiscard]] std::vector<int64_t> legal(const ir::Graph& body, size_t key) const;
};

}  // namespace linnet::passes
