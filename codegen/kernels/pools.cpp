// Pools: small windows as one expression, so that what is pooled is computed window by window
// and never stored whole; large ones as sums over the window.
#include "codegen/kernels/rows.h"
#include "ir/ops/window.h"

#include <limits>

namespace linnet::codegen {
namespace {

using Halide::Expr;

constexpr int64_t kMostUnrolledTaps = 36;

struct Pool {
  ir::Window rows, columns;
  bool inside;  // no window reaches over an edge

  Pool(Lowering& lowering, const ir::Node& node) {
    const auto both = *ir::windows(node.attrs, node.attrs.get(ir::kKernelSize));
    rows = both.first;
    columns = both.second;
    const ir::Shape& in = lowering.operand_type(node, 0).shape;
    const ir::Shape& out = lowering.type(node.results.front()).shape;
    inside = fits(rows, in[2], out[2]) && fits(columns, in[3], out[3]);
  }

  static bool fits(const ir::Window& window, int64_t in, int64_t out) {
    return window.before == 0 && window.at(out - 1, window.size - 1) < in;
  }

  [[nodiscard]] Expr tap(Lowering& lowering, const ir::Node& node, const Position& at,
                         const Expr& ky, const Expr& kx, const Expr& fallback) const {
    const auto along = [](const ir::Window& w, const Expr& output, const Expr& k) {
      return output * static_cast<int>(w.stride) - static_cast<int>(w.before) +
             k * static_cast<int>(w.dilation);
    };
    const Position from{at[0], at[1], along(rows, at[2], ky), along(columns, at[3], kx)};
    return inside ? lowering.at(node.operands[0], from)
                  : lowering.at_or(node.operands[0], from, fallback);
  }

  // first, then combine(·, tap) over the window in row-major order.
  template <class Combine>
  Expr fold(Lowering& lowering, const ir::Node& node, const Position& position, const Expr& first,
            Combine combine) const {
    if (rows.size * columns.size <= kMostUnrolledTaps) {
      Expr result = first;
      for (int ky = 0; ky < rows.size; ++ky) {
        for (int kx = 0; kx < columns.size; ++kx)
          result = combine(result, tap(lowering, node, position, ky, kx, first));
      }
      return result;
    }
    return lowering.reduced(
        node, position, {rows.size, columns.size}, [&](const Position&) { return first; },
        [&](const Expr& so_far, const Position& at, const std::vector<Expr>& r) {
          return combine(so_far, tap(lowering, node, at, r[0], r[1], first));
        });
  }
};

// ir::pool_divisor for a position that is known only at run time.
Expr divisor(const ir::Window& w, const Expr& output, int64_t input, bool padding_counts) {
  const int64_t first = padding_counts ? -w.before : 0;
  const int64_t end = padding_counts ? input + w.after : input;
  const Expr start = output * static_cast<int>(w.stride) - static_cast<int>(w.before);
  const Expr from = Halide::max(start, static_cast<int>(first));
  const Expr to = Halide::min(start + static_cast<int>(w.size), static_cast<int>(end));
  return to - from;
}

}  // namespace

Expr lower_max_pool2d(Lowering& lowering, const ir::Node& node, const Position& position) {
  const ir::DType dtype = lowering.operand_type(node, 0).dtype;
  const Expr least = literal(dtype, -std::numeric_limits<double>::infinity());
  return Pool(lowering, node)
      .fold(lowering, node, position, least,
            [](const Expr& best, const Expr& tap) { return larger(tap, best); });
}

Expr lower_avg_pool2d(Lowering& lowering, const ir::Node& node, const Position& position) {
  const ir::Type& input = lowering.operand_type(node, 0);
  const Pool pool(lowering, node);
  const Expr sum = pool.fold(lowering, node, position, literal(input.dtype, 0),
                             [](const Expr& so_far, const Expr& tap) { return so_far + tap; });
  const int taps = static_cast<int>(pool.rows.size * pool.columns.size);
  if (pool.inside) return sum / literal(input.dtype, taps);
  const bool counts = node.attrs.get(ir::kCountIncludePad);
  const Expr count = divisor(pool.rows, position[2], input.shape[2], counts) *
                     divisor(pool.columns, position[3], input.shape[3], counts);
  return sum / Halide::cast(halide_type(input.dtype), count);
}

}  // namespace linnet::codegen
