// normalize: rows whose elements depend on sums or maxima of their row, as of softmax.
#pragma once

#include "passes/schedule/family.h"

namespace linnet::passes {

struct Normalize {
  int64_t lanes = 0;  // elements of a vector: of a row, or of rows too short for one
  int64_t kept = 0;   // 1: what a sum and the result share is stored, not computed twice

  static constexpr std::array<Key<Normalize>, 2> kKeys = {
      {{"lanes", &Normalize::lanes}, {"kept", &Normalize::kept}}};
  [[nodiscard]] static std::string fits(const ir::Graph& body);
  [[nodiscard]] static Choice<Normalize> choose(const Candidate& group);
  [[nodiscard]] std::vector<int64_t> legal(const ir::Graph& body, size_t key) const;
};

// Rows of two or three elements: vectors lie across them.
[[nodiscard]] bool across_rows(const ir::Graph& body);
// The dimension of a result along which vectors lie then, and its extent.
[[nodiscard]] std::pair<size_t, int64_t> many_dim(const ir::Type& type);

// What is stored where `kept` is 1: values that a reduction and something else read, and that take
// an elementary function (exp, erf, …) to compute since the reduction before.
[[nodiscard]] std::vector<ir::ValueId> kept_values(const ir::Graph& body);

}  // namespace linnet::passes
