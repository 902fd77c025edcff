// Sums along rows that are vectors and a rest.
#pragma once

#include "base/integers.h"

#include <Halide.h>

#include <functional>

namespace linnet::codegen {

// A row of `extent` elements as `count` vectors of `lanes`, the last of which moves inwards: what
// it shares with the one before is summed there only.
struct LaneTiles {
  int extent, lanes, count;

  LaneTiles(int row, int vector) : extent(row), lanes(vector), count(ceil_div(row, vector)) {}

  // Where lane `lane` of vector `tile` lies in the row.
  [[nodiscard]] Halide::Expr position(const Halide::Expr& tile, const Halide::Expr& lane) const {
    return Halide::min(tile * lanes, extent - lanes) + lane;
  }
  // `value` where the lane counts, else 0.
  [[nodiscard]] Halide::Expr counted(const Halide::Expr& tile, const Halide::Expr& lane,
                                     const Halide::Expr& value) const {
    if (extent % lanes == 0) return value;
    return Halide::select(position(tile, lane) >= tile * lanes, value,
                          Halide::Internal::make_zero(value.type()));
  }
};

// `count` elements joined in halves, in one order: of lanes, lane i and lane i + lanes / 2 first.
template <class Join>
[[nodiscard]] Halide::Expr joined(int count, Join join,
                                  const std::function<Halide::Expr(int)>& element, int first = 0) {
  if (count == 1) return element(first);
  const int half = count / 2;
  return join(joined(half, join, element, first),
              joined(count - half, join, element, first + half));
}

// The sum over `lanes` lanes.
[[nodiscard]] inline Halide::Expr sum_of_lanes(int lanes,
                                               const std::function<Halide::Expr(int)>& lane) {
  return joined(lanes, std::plus<>(), lane);
}

}  // namespace linnet::codegen
