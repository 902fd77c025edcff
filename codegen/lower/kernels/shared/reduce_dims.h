// Reductions over dimensions, in row-major order of what is reduced.
#pragma once

#include "codegen/lower/lowering.h"
#include "ir/ops/shared/reduction.h"

namespace linnet::codegen {

// `first`, then step(so far, element) over the dimensions that the node's `dim` names.
template <class Step>
Halide::Expr reduce_dims(Lowering& lowering, const ir::Node& node, const Position& position,
                         const Halide::Expr& first, Step step) {
  const ir::Shape& in = lowering.operand_type(node, 0).shape;
  const std::vector<bool> reduced = *ir::reduced_dims(node.attrs, in.size());
  const bool keep = node.attrs.get(ir::kKeepDim);
  std::vector<int64_t> extents;
  for (size_t dim = 0; dim < in.size(); ++dim) {
    if (reduced[dim]) extents.push_back(in[dim]);
  }
  return lowering.reduced(
      node, position, extents, [&](const Position&) { return first; },
      [&](const Halide::Expr& so_far, const Position& at, const std::vector<Halide::Expr>& r) {
        Position from;
        size_t next_reduced = 0;
        size_t next_kept = 0;
        for (size_t dim = 0; dim < in.size(); ++dim) {
          from.push_back(reduced[dim] ? r[next_reduced++] : at[next_kept]);
          if (!reduced[dim] || keep) ++next_kept;
        }
        return step(so_far, lowering.at(node.operands[0], from));
      });
}

// A number of the dtype that the node reduces.
[[nodiscard]] inline Halide::Expr one(Lowering& lowering, const ir::Node& node, double value) {
  return literal(lowering.operand_type(node, 0).dtype, value);
}

}  // namespace linnet::codegen
