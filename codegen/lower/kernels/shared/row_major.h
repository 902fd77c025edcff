// Positions as row-major indices: what moves elements without regard to shapes.
#pragma once

#include "codegen/lower/lowering.h"

namespace linnet::codegen {

// Row-major index of a position.
[[nodiscard]] inline Halide::Expr linear(const ir::Shape& shape, const Position& position) {
  Halide::Expr index = 0;
  for (size_t dim = 0; dim < shape.size(); ++dim)
    index = index * static_cast<int>(shape[dim]) + position[dim];
  return Halide::Internal::simplify(index);
}

[[nodiscard]] inline Position delinearized(const ir::Shape& shape, const Halide::Expr& index) {
  Position position(shape.size());
  Halide::Expr rest = index;
  for (size_t dim = shape.size(); dim-- > 0;) {
    const int extent = static_cast<int>(shape[dim]);
    position[dim] = extent == 1 ? Halide::Expr(0) : dim == 0 ? rest : rest % extent;
    rest = rest / extent;
  }
  return position;
}

}  // namespace linnet::codegen
