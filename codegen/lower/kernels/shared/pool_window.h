// The windows of a pool: small ones as one expression, so that what is pooled is computed window by
// window and never stored whole; large ones as sums over the window.
#pragma once

#include "codegen/lower/kernels/shared/unrolling.h"
#include "codegen/lower/lowering.h"
#include "ir/ops/shared/window.h"

namespace linnet::codegen {

struct PoolWindow {
  ir::Window rows, columns;
  bool inside;  // no window reaches over an edge

  PoolWindow(Lowering& lowering, const ir::Node& node) {
    const auto both = *ir::windows(node.attrs, node.attrs.get(ir::kKernelSize));
    rows = both.first;
    columns = both.second;
    const ir::Shape& in = lowering.operand_type(node, 0).shape;
    const ir::Shape& out = lowering.type(node.results.front()).shape;
    inside = fits(rows, in[2], out[2]) && fits(columns, in[3], out[3]);
  }

  static Halide::Expr along(const ir::Window& w, const Halide::Expr& output,
                            const Halide::Expr& k) {
    return output * static_cast<int>(w.stride) - static_cast<int>(w.before) +
           k * static_cast<int>(w.dilation);
  }

  // ir::pool_divisor for a position that is known only at run time.
  static Halide::Expr divisor(const ir::Window& w, const Halide::Expr& output, int64_t input,
                              bool padding_counts) {
    const int64_t first = padding_counts ? -w.before : 0;
    const int64_t end = padding_counts ? input + w.after : input;
    const Halide::Expr start = along(w, output, 0);
    const int dilation = static_cast<int>(w.dilation);
    // The first tap that counts, and the first that counts no more; Halide's division rounds down.
    const Halide::Expr from =
        Halide::max((static_cast<int>(first) - start + (dilation - 1)) / dilation, 0);
    const Halide::Expr to = Halide::min((static_cast<int>(end) - start + (dilation - 1)) / dilation,
                                        static_cast<int>(w.size));
    return to - from;
  }

  static bool fits(const ir::Window& window, int64_t in, int64_t out) {
    return window.before == 0 && window.at(out - 1, window.size - 1) < in;
  }

  // What an average divides by at a position: ir::pool_divisor of both dimensions.
  [[nodiscard]] Halide::Expr count(Lowering& lowering, const ir::Node& node,
                                   const Position& at) const {
    const ir::Type& input = lowering.operand_type(node, 0);
    if (inside) return literal(input.dtype, static_cast<double>(rows.size * columns.size));
    const bool counts = node.attrs.get(ir::kCountIncludePad);
    const Halide::Expr all = divisor(rows, at[2], input.shape[2], counts) *
                             divisor(columns, at[3], input.shape[3], counts);
    return Halide::cast(halide_type(input.dtype), all);
  }

  // Does a tap lie in the input?
  [[nodiscard]] Halide::Expr valid(Lowering& lowering, const ir::Node& node, const Position& at,
                                   int ky, int kx) const {
    const ir::Shape& in = lowering.operand_type(node, 0).shape;
    const Halide::Expr row = along(rows, at[2], ky), column = along(columns, at[3], kx);
    return row >= 0 && row < static_cast<int>(in[2]) && column >= 0 &&
           column < static_cast<int>(in[3]);
  }

  [[nodiscard]] Halide::Expr tap(Lowering& lowering, const ir::Node& node, const Position& at,
                                 const Halide::Expr& ky, const Halide::Expr& kx,
                                 const Halide::Expr& fallback) const {
    const Position from{at[0], at[1], along(rows, at[2], ky), along(columns, at[3], kx)};
    return inside ? lowering.at(node.operands[0], from)
                  : lowering.at_or(node.operands[0], from, fallback);
  }

  [[nodiscard]] bool written_out() const { return rows.size * columns.size <= kMostUnrolledPool; }

  // The elements of a window that is written out, in row-major order.
  [[nodiscard]] std::vector<Halide::Expr> taps(Lowering& lowering, const ir::Node& node,
                                               const Position& position,
                                               const Halide::Expr& fallback) const {
    std::vector<Halide::Expr> all;
    for (int ky = 0; ky < rows.size; ++ky) {
      for (int kx = 0; kx < columns.size; ++kx)
        all.push_back(tap(lowering, node, position, ky, kx, fallback));
    }
    return all;
  }

  // first, then combine(·, tap) over the window in row-major order.
  template <class Combine>
  Halide::Expr fold(Lowering& lowering, const ir::Node& node, const Position& position,
                    const Halide::Expr& first, Combine combine) const {
    if (written_out()) {
      Halide::Expr result = first;
      for (const Halide::Expr& element : taps(lowering, node, position, first))
        result = combine(result, element);
      return result;
    }
    return lowering.reduced(
        node, position, {rows.size, columns.size}, [&](const Position&) { return first; },
        [&](const Halide::Expr& so_far, const Position& at, const std::vector<Halide::Expr>& r) {
          return combine(so_far, tap(lowering, node, at, r[0], r[1], first));
        });
  }
};

}  // namespace linnet::codegen
