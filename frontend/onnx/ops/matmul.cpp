// Products of matrices.
#include "frontend/onnx/ops/onnx_ops.h"

#include <fmt/format.h>

#include <array>

namespace linnet::frontend {
namespace {

namespace ops = ir::ops;
using ir::Shape;

// MatMul-13: a vector in front is a row, one behind a column, and that dimension goes again.
void matmul(OnnxNode& node) {
  Var a = node.in(0), b = node.in(1);
  const size_t rank_a = a.type().rank(), rank_b = b.type().rank();
  if (rank_a == 0 || rank_b == 0) node.wrong("a scalar has no matrix product");
  if (rank_a == 1) a = unsqueezed(a, 0);
  if (rank_b == 1) b = unsqueezed(b, 1);
  Var y = apply(ops::matmul, a, b);
  if (rank_b == 1) y = squeezed(y, y.type().rank() - 1);
  if (rank_a == 1) y = squeezed(y, y.type().rank() - (rank_b == 1 ? 1 : 2));
  node.give(y);
}

// Gemm-13: alpha · A B + beta · C
void gemm(OnnxNode& node) {
  Var a = node.in(0);
  const Var b = node.in(1);
  if (a.type().rank() != 2 || b.type().rank() != 2) {
    node.wrong(
        fmt::format("A {} and B {} must be matrices", to_string(a.shape()), to_string(b.shape())));
  }
  if (node.flag("transA", false)) a = transposed(a, {1, 0});
  Var y = node.flag("transB", false) ? apply(ops::matmul, a, transposed(b, {1, 0}))
                                     : apply(ops::matmul, a, b);
  if (const double alpha = node.number("alpha", 1); alpha != 1) y = y * alpha;
  if (node.has(2)) {
    Var c = node.in(2);
    if (const double beta = node.number("beta", 1); beta != 1) c = c * beta;
    if (ir::broadcast(c.shape(), y.shape()) != y.shape()) {
      node.wrong(
          fmt::format("C {} does not broadcast to {}", to_string(c.shape()), to_string(y.shape())));
    }
    y = y + c;
  }
  node.give(y);
}

constexpr std::array kOnnxOps = std::to_array<OnnxOp>({
    {"Gemm", gemm},
    {"MatMul", matmul},
});

}  // namespace

std::span<const OnnxOp> matmul_ops() {
  return kOnnxOps;
}

}  // namespace linnet::frontend
