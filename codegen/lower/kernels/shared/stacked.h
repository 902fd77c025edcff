// Products of stacks of matrices: one variable for each dimension of the stack.
#pragma once

#include "codegen/lower/lowering.h"

namespace linnet::codegen {

// One variable for each dimension of a result before its last two.
inline std::vector<Halide::Var> stack_vars(const ir::Type& result) {
  std::vector<Halide::Var> vars;
  for (size_t dim = 0; dim + 2 < result.rank(); ++dim)
    vars.emplace_back("stack" + std::to_string(dim));
  return vars;
}

// Where an operand is read for an element of the stack; `stack` has an entry for each dimension of
// the result's. It is the last of these that the operand has, and 0 where it is repeated.
template <class Stack>
Position stacked(const ir::Type& operand, const Stack& stack, const Halide::Expr& row,
                 const Halide::Expr& column) {
  Position at;
  const size_t count = operand.rank() - 2;
  for (size_t dim = 0; dim < count; ++dim) {
    const Halide::Expr place = stack[stack.size() - count + dim];
    at.push_back(operand.shape[dim] == 1 ? Halide::Expr(0) : place);
  }
  at.push_back(row);
  at.push_back(column);
  return at;
}

// The arguments of a Func that has variables of its own and then those of the stack.
inline std::vector<Halide::Expr> with_stack(std::vector<Halide::Expr> own,
                                            const std::vector<Halide::Var>& stack) {
  own.insert(own.end(), stack.begin(), stack.end());
  return own;
}
// The same at a position of the result.
inline std::vector<Halide::Expr> and_stack(std::vector<Halide::Expr> own, const Position& at) {
  own.insert(own.end(), at.begin(), at.end() - 2);
  return own;
}

}  // namespace linnet::codegen
