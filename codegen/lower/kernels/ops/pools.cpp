// Pools: small windows as one expression, so that what is pooled is computed window by window
// and never stored whole; large ones as sums over the window.
#include "codegen/lower/kernels/rows.h"
#include "ir/ops/window.h"

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

  static Expr along(const ir::Window& w, const Expr& output, const Expr& k) {
    return output * static_cast<int>(w.stride) - static_cast<int>(w.before) +
           k * static_cast<int>(w.dilation);
  }

  static bool fits(const ir::Window& window, int64_t in, int64_t out) {
    return window.before == 0 && window.at(out - 1, window.size - 1) < in;
  }

  // Does a tap lie in the input?
  [[nodiscard]] Expr valid(Lowering& lowering, const ir::Node& node, const Position& at, int ky,
                           int kx) const {
    const ir::Shape& in = lowering.operand_type(node, 0).shape;
    const Expr row = along(rows, at[2], ky), column = along(columns, at[3], kx);
    return row >= 0 && row < static_cast<int>(in[2]) && column >= 0 &&
           column < static_cast<int>(in[3]);
  }

  [[nodiscard]] Expr tap(Lowering& lowering, const ir::Node& node, const Position& at,
                         const Expr& ky, const Expr& kx, const Expr& fallback) const {
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
  const int dilation = static_cast<int>(w.dilation);
  // The first tap that counts, and the first that counts no more; Halide's division rounds down.
  const Expr from = Halide::max((static_cast<int>(first) - start + (dilation - 1)) / dilation, 0);
  const Expr to = Halide::min((static_cast<int>(end) - start + (dilation - 1)) / dilation,
                              static_cast<int>(w.size));
  return to - from;
}

}  // namespace

Expr lower_max_pool2d(Lowering& lowering, const ir::Node& node, const Position& position) {
  const ir::DType dtype = lowering.operand_type(node, 0).dtype;
  return Pool(lowering, node)
      .fold(lowering, node, position, least(dtype),
            [](const Expr& best, const Expr& tap) { return larger(tap, best); });
}

// The best so far and its tap side by side. -1 stands for "none yet", while in the padding.
Expr lower_max_pool2d_index(Lowering& lowering, const ir::Node& node, const Position& position) {
  const ir::DType dtype = lowering.operand_type(node, 0).dtype;
  const Expr lowest = least(dtype);
  const Pool pool(lowering, node);
  const int width = static_cast<int>(pool.columns.size);
  Expr best = lowest;
  Expr index = -1;
  for (int k = 0; k < static_cast<int>(pool.rows.size) * width; ++k) {
    const Expr tap = pool.tap(lowering, node, position, k / width, k % width, lowest);
    Expr better = k == 0 ? Halide::Internal::const_true() : tap > best;
    if (!pool.inside) {
      better =
          pool.valid(lowering, node, position, k / width, k % width) && (index < 0 || tap > best);
    }
    best = Halide::select(better, tap, best);
    index = Halide::select(better, k, index);
  }
  return index;
}

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
