// gemm: a matmul of operands that lie as they are wanted: b's columns side by side.
#pragma once

#include "passes/schedule/family.h"

namespace linnet::passes {

struct Gemm {
  int64_t lanes = 0;    // columns of a vector
  int64_t vectors = 0;  // of columns: they share the values of a
  int64_t rows = 0;     // of a: they share the vectors of b

  static constexpr std::array kOps = {&ir::ops::matmul};
  static constexpr std::array<Key<Gemm>, 3> kKeys = {
      {{"lanes", &Gemm::lanes}, {"vectors", &Gemm::vectors}, {"rows", &Gemm::rows}}};
  [[nodiscard]] static std::string fits(const ir::Graph& body);
  [[nodiscard]] static Choice<Gemm> choose(const Candidate& group);
  [[nodiscard]] std::vector<int64_t> legal(const ir::Graph& body, size_t key) const;
};

}  // namespace linnet::passes
