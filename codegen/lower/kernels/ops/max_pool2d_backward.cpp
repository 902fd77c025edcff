// max_pool2d_backward: the gradient of a pool's input.
#include "codegen/lower/kernels/ops/op_kernels.h"
#include "ir/ops/shared/window.h"

namespace linnet::codegen {

using Halide::Expr;

// Tap after tap the one output whose tap lies here, if it chose it; of disjoint windows there is
// one such tap only.
Expr lower_max_pool2d_backward(Lowering& lowering, const ir::Node& node, const Position& position) {
  const ir::Type& gradient = lowering.operand_type(node, 0);
  const auto [rows, columns] = *ir::windows(node.attrs, node.attrs.get(ir::kKernelSize));
  const Expr zero = literal(gradient.dtype, 0);
  const auto gathered = [&](const Expr& y, const Expr& x, const Expr& tap) {
    const auto inside = [&](const Expr& at, size_t dim) {
      return at >= 0 && at < static_cast<int>(gradient.shape[dim]);
    };
    const auto clamped = [&](const Expr& at, size_t dim) {
      return Halide::clamp(at, 0, static_cast<int>(gradient.shape[dim]) - 1);
    };
    const Position from{position[0], position[1], clamped(y, 2), clamped(x, 3)};
    const Expr chosen = inside(y, 2) && inside(x, 3) && lowering.at(node.operands[1], from) == tap;
    return Halide::select(chosen, lowering.at(node.operands[0], from), zero);
  };
  const auto disjoint = [](const ir::Window& w) { return w.stride == w.size && w.dilation == 1; };
  const Expr h = position[2] + static_cast<int>(rows.before);
  const Expr w = position[3] + static_cast<int>(columns.before);
  const int down = static_cast<int>(rows.stride), across = static_cast<int>(columns.stride);
  if (disjoint(rows) && disjoint(columns)) {
    const Expr tap = h % down * static_cast<int>(columns.size) + w % across;
    return gathered(h / down, w / across, tap);
  }
  Expr sum = zero;
  for (int ky = 0; ky < rows.size; ++ky) {
    const Expr from_h = h - ky * static_cast<int>(rows.dilation);
    for (int kx = 0; kx < columns.size; ++kx) {
      const Expr from_w = w - kx * static_cast<int>(columns.dilation);
      const Expr here =
          gathered(from_h / down, from_w / across, ky * static_cast<int>(columns.size) + kx);
      sum += Halide::select(from_h % down == 0 && from_w % across == 0, here, zero);
    }
  }
  return sum;
}

}  // namespace linnet::codegen
