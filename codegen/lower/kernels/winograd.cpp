// winograd{tile, lanes, strip, vectors, tiles}: a 3 × 3 convolution by Winograd's F(m × m, 3 × 3).
//   points(c, t, p) = Bᵀ d B of tile t, whose d are the (m + 2)² pixels that its outputs read
//   products(o, t, p) = Σ over c of points(c, t, p) · weight(p, o, c)
//   y(o, i, j) = Aᵀ products A of the tile, m × m outputs
// for the tiles of one strip at a time: rows of tiles whose points and products stay in L2, in the
// arena. The weight is transformed when compiling.
#include "base/winograd.h"
#include "base/integers.h"
#include "codegen/lower/families.h"
#include "codegen/lower/kernels/shared/picture_output.h"
#include "passes/schedule/anchors.h"
#include "passes/schedule/winograd.h"

namespace linnet::codegen {

using Halide::Expr;
using Halide::Func;
using Halide::Var;

namespace {

// A row of a matrix times what `element` gives, in the order of the row; products by ±1 left out.
template <size_t kColumns>
Expr row_times(const std::array<double, kColumns>& row, const std::function<Expr(int)>& element) {
  Expr sum;
  for (size_t k = 0; k < kColumns; ++k) {
    const double factor = row[k];
    if (factor == 0) continue;
    const Expr x = element(static_cast<int>(k));
    const double size = std::abs(factor);
    const Expr term = size == 1 ? x : x * literal(ir::DType::kF32, size);
    if (!sum.defined()) {
      sum = factor < 0 ? -term : term;
    } else {
      sum = factor < 0 ? sum - term : sum + term;
    }
  }
  return sum;
}

// Row `index` of the matrix times `element`: of a loop that is unrolled only one remains.
template <class Rows>
Expr matrix_times(const Rows& matrix, const Expr& index, const std::function<Expr(int)>& element) {
  std::vector<Expr> rows;
  for (const auto& row : matrix)
    rows.push_back(row_times(row, element));
  return Halide::mux(index, rows);
}

template <int kTile> class WinogradKernel {
  using M = WinogradMatrices<kTile>;
  static constexpr int kSide = kTile + 2;

public:
  WinogradKernel(Lowering& lowering, const passes::Winograd& numbers)
      : lowering_(lowering), conv_(anchor_of(lowering.graph())),
        sizes_(lowering.graph(), numbers.tile), lanes_(static_cast<int>(numbers.lanes)),
        strip_(static_cast<int>(numbers.strip)), vectors_(static_cast<int>(numbers.vectors)),
        tiles_(static_cast<int>(numbers.tiles)), columns_(static_cast<int>(sizes_.columns)) {}

  std::vector<Func> outputs() {
    transform_input();
    multiply();
    transform_output();
    PictureOutput out(lowering_, 1);
    lowering_.define(conv_.results.front(), [&](const Position& p) { return result(p); });
    Func func = out.define(lowering_);
    schedule(func, out);
    return {func};
  }

private:
  // The pixel that the tile's point (i, j) reads, 0 outside of the picture.
  void transform_input() {
    const passes::Convolution conv =
        *passes::convolution(lowering_.graph(), passes::anchor_group(lowering_.graph()));
    const auto pixel = [&](const Expr& i, const Expr& j) {
      const Expr y = (s_ * strip_ + t_ / columns_) * kTile + i - static_cast<int>(conv.rows.before);
      const Expr x = t_ % columns_ * kTile + j - static_cast<int>(conv.columns.before);
      const Expr c = v_ * lanes_ + l_;
      return lowering_.at_or(conv_.operands[0], {n_, c, y, x}, 0.0F);
    };
    half_(l_, k_, j_, t_, v_, s_, n_) =
        matrix_times(M::kInput, k_, [&](int i) { return pixel(i, j_); });
    points_(l_, t_, p_, v_, s_, n_) = matrix_times(
        M::kInput, p_ % kSide, [&](int j) { return half_(l_, p_ / kSide, j, t_, v_, s_, n_); });
  }

  // The weight's points, by lane, vector of a block, input, block and point: as they lie there, or
  // computed once a call from a weight that nobody transformed.
  std::function<Expr(Expr, Expr, Expr, Expr, Expr)> weights(int inputs, int blocks, int points) {
    const size_t weight = passes::anchor_group(lowering_.graph())->weight();
    if (lowering_.operand_type(conv_, 1).layout.winograd != 0) {
      Halide::ImageParam u = lowering_.input_as(weight, {lanes_, vectors_, inputs, blocks, points});
      return [u](const Expr& l, const Expr& w, const Expr& i, const Expr& b, const Expr& p) {
        return u(l, w, i, b, p);
      };
    }
    half_weight_(l_, k_, j_, w_, i_, b_) = matrix_times(M::kWeight, k_, [&](int tap) {
      return lowering_.at(conv_.operands[1], {(b_ * vectors_ + w_) * lanes_ + l_, i_, tap, j_});
    });
    weight_(l_, w_, i_, b_, p_) = matrix_times(M::kWeight, p_ % kSide, [&](int tap) {
      return half_weight_(l_, p_ / kSide, tap, w_, i_, b_);
    });
    weight_.compute_root().store_in(Halide::MemoryType::Heap);
    weight_.bound(l_, 0, lanes_).bound(w_, 0, vectors_).bound(i_, 0, inputs);
    weight_.bound(b_, 0, blocks).bound(p_, 0, points);
    weight_.reorder(p_, l_, w_, i_, b_).unroll(p_);
    half_weight_.compute_at(weight_, l_).store_in(Halide::MemoryType::Stack);
    half_weight_.bound(k_, 0, kSide).bound(j_, 0, 3).unroll(k_).unroll(j_);
    return [this](const Expr& l, const Expr& w, const Expr& i, const Expr& b, const Expr& p) {
      return weight_(l, w, i, b, p);
    };
  }

  void multiply() {
    const int inputs = static_cast<int>(sizes_.channels);
    const int blocks = static_cast<int>(sizes_.outputs) / (lanes_ * vectors_);
    const int points = static_cast<int>(sizes_.points);
    const auto weight = weights(inputs, blocks, points);
    sum_ = Halide::RDom(0, lanes_, 0, inputs / lanes_, "sum");
    acc_(l_, w_, t_, b_, p_, s_, n_) = 0.0F;
    acc_(l_, w_, t_, b_, p_, s_, n_) +=
        weight(l_, w_, sum_.y * lanes_ + sum_.x, b_, p_) * points_(sum_.x, t_, p_, sum_.y, s_, n_);
    products_(l_, t_, p_, v_, s_, n_) = acc_(l_, v_ % vectors_, t_, v_ / vectors_, p_, s_, n_);
  }

  void transform_output() {
    const Expr tile = y_ % strip_ * columns_ + x_;
    half_result_(l_, i_, j_, x_, y_, v_, n_) = matrix_times(M::kOutput, i_, [&](int k) {
      return products_(l_, tile, k * kSide + j_, v_, y_ / strip_, n_);
    });
    result_(l_, i_, j_, x_, y_, v_, n_) = matrix_times(
        M::kOutput, j_, [&](int k) { return half_result_(l_, i_, k, x_, y_, v_, n_); });
  }

  // The convolution at [n, c, y, x].
  Expr result(const Position& p) {
    return result_(p[1] % lanes_, p[2] % kTile, p[3] % kTile, p[3] / kTile, p[2] / kTile,
                   p[1] / lanes_, p[0]);
  }

  void schedule(Func out, const PictureOutput& o) {
    const passes::Convolution conv =
        *passes::convolution(lowering_.graph(), passes::anchor_group(lowering_.graph()));
    const int height = kTile / static_cast<int>(conv.pool_height);
    const int width = kTile / static_cast<int>(conv.pool_width);
    Var yi("yi"), ty("ty"), tx("tx"), xi("xi"), lane("lane");
    const auto tail = Halide::TailStrategy::GuardWithIf;
    out.split(o.y, o.y, ty, strip_ * height, tail)
        .split(ty, ty, yi, height, tail)
        .split(o.x, tx, xi, width, tail)
        .split(o.channel, o.channel, lane, lanes_)
        .reorder(lane, xi, yi, o.channel, tx, ty, o.y, o.group, o.n)
        .vectorize(lane)
        .unroll(xi)
        .unroll(yi)
        .never_partition(o.y);  // a last strip of its own would have its own scratch
    result_.compute_at(out, o.channel).store_in(Halide::MemoryType::Stack);
    result_.bound(l_, 0, lanes_).bound(i_, 0, kTile).bound(j_, 0, kTile);
    // One tile, which Halide does not see where the picture ends in the middle of one.
    result_.bound_extent(x_, 1).bound_extent(y_, 1);
    result_.vectorize(l_).unroll(i_).unroll(j_).reorder(l_, j_, i_, x_, y_, v_, n_);
    half_result_.compute_at(out, o.channel).store_in(Halide::MemoryType::Stack);
    half_result_.bound(l_, 0, lanes_).bound(i_, 0, kTile).bound(j_, 0, kSide);
    half_result_.bound_extent(x_, 1).bound_extent(y_, 1);
    half_result_.vectorize(l_).unroll(i_).unroll(j_).reorder(l_, i_, j_, x_, y_, v_, n_);
    schedule_products(out, o.y);
    schedule_points(out, o.y);
  }

  void schedule_products(const Func& out, const Var& strip) {
    Var ti("ti"), to("to"), wi("wi"), vo("vo");
    products_.compute_at(out, strip).store_in(Halide::MemoryType::Heap);
    products_.bound(l_, 0, lanes_).bound(t_, 0, strip_ * columns_).bound(p_, 0, kSide * kSide);
    products_.bound(v_, 0, static_cast<int>(sizes_.outputs) / lanes_).bound_extent(s_, 1);
    products_.split(t_, to, ti, tiles_, Halide::TailStrategy::ShiftInwards)
        .split(v_, vo, wi, vectors_)
        .reorder(l_, wi, ti, to, vo, p_, s_, n_)
        .vectorize(l_)
        .unroll(wi)
        .unroll(ti);
    acc_.compute_at(products_, to).store_in(Halide::MemoryType::Stack);
    acc_.bound(l_, 0, lanes_).bound(w_, 0, vectors_);
    acc_.vectorize(l_).unroll(w_).unroll(t_);
    acc_.update()
        .reorder(l_, w_, t_, sum_.x, sum_.y, b_, p_, s_, n_)
        .vectorize(l_)
        .unroll(w_)
        .unroll(t_);
  }

  void schedule_points(const Func& out, const Var& strip) {
    Var ty("ty"), tx("tx");
    points_.compute_at(out, strip).store_in(Halide::MemoryType::Heap);
    points_.bound(l_, 0, lanes_).bound(t_, 0, strip_ * columns_).bound(p_, 0, kSide * kSide);
    points_.bound(v_, 0, static_cast<int>(sizes_.channels) / lanes_).bound_extent(s_, 1);
    points_.split(t_, ty, tx, columns_)
        .reorder(l_, p_, tx, ty, v_, s_, n_)
        .vectorize(l_)
        .unroll(p_);
    half_.compute_at(points_, tx).store_in(Halide::MemoryType::Stack);
    half_.bound(l_, 0, lanes_).bound(k_, 0, kSide).bound(j_, 0, kSide);
    half_.vectorize(l_).unroll(k_).unroll(j_);
  }

  Lowering& lowering_;
  const ir::Node& conv_;
  passes::WinogradSizes sizes_;
  int lanes_, strip_, vectors_, tiles_, columns_;
  // Lane, row and column of a tile, tile of the strip, point, vector of channels (w: of a block of
  // outputs, b), strip, sample.
  Var l_{"l"}, i_{"i"}, j_{"j"}, k_{"k"}, t_{"t"}, p_{"p"}, v_{"v"}, w_{"w"}, b_{"b"}, s_{"s"},
      n_{"n"}, x_{"x"}, y_{"y"};
  Halide::RDom sum_;
  Func half_weight_{"half_weight"}, weight_{"weight"}, half_{"half"}, points_{"points"},
      acc_{"acc"}, products_{"products"}, half_result_{"half_result"}, result_{"result"};
};

}  // namespace

std::vector<Func> winograd_kernel(Lowering& lowering, const ir::Schedule& schedule) {
  const auto numbers = passes::numbers<passes::Winograd>(schedule);
  if (numbers.tile == 2) return WinogradKernel<2>(lowering, numbers).outputs();
  return WinogradKernel<4>(lowering, numbers).outputs();
}

}  // namespace linnet::codegen
