// avg_pool2d: the mean of each window, with the two ways of counting its padding.
#include "ir/gradient.h"
#include "ir/ops/shared/window.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::ir {
namespace {

template <class T> void evaluate_avg_pool2d(EvalContext<T>& c) {
  const Shape& in = c.in(0).type.shape;
  const Shape& out = c.out().type.shape;
  const auto [rows, columns] = *windows(c.attrs, c.attrs.get(kKernelSize));
  const bool padding_counts = c.attrs.get(kCountIncludePad);
  size_t o = 0;
  for (int64_t plane = 0; plane < out[0] * out[1]; ++plane) {
    for (int64_t y = 0; y < out[2]; ++y) {
      for (int64_t x = 0; x < out[3]; ++x, ++o) {
        T sum(0);
        for (int64_t ky = 0; ky < rows.size; ++ky) {
          for (int64_t kx = 0; kx < columns.size; ++kx) {
            const int64_t row = rows.at(y, ky);
            const int64_t column = columns.at(x, kx);
            if (row < 0 || row >= in[2] || column < 0 || column >= in[3]) continue;
            sum += c.in(0).values[static_cast<size_t>((plane * in[2] + row) * in[3] + column)];
          }
        }
        const int64_t divisor = pool_divisor(rows, y, in[2], padding_counts) *
                                pool_divisor(columns, x, in[3], padding_counts);
        c.out().values[o] = sum / T(static_cast<double>(divisor));
      }
    }
  }
}

// What each output is divided by, along one dimension, as a factor.
Var divisors(const GradientContext& c, const Window& window, size_t dim) {
  const int64_t outputs = c.result().shape()[dim];
  std::vector<double> factors;
  for (int64_t i = 0; i < outputs; ++i) {
    factors.push_back(1.0 / static_cast<double>(pool_divisor(window, i, c.in(0).shape()[dim],
                                                             c.attrs().get(kCountIncludePad))));
  }
  const bool equal = std::ranges::all_of(factors, [&](double f) { return f == factors[0]; });
  if (equal) return c.gradient().splat(factors[0]);
  Shape shape = dim == 2 ? Shape{outputs, 1} : Shape{outputs};
  const Type type{c.gradient().type().dtype, std::move(shape), {}};
  return {c.builder(), c.builder().constant(Tensor::from_doubles(type, factors))};
}

// Each output's share goes to all its taps: disjoint windows are repeated; others are summed by an
// average over the shares, `stride` apart, times the number of taps.
Var avg_pool2d_gradient(const GradientContext& c) {
  const Shape in = c.in(0).shape();
  const Shape out = c.result().shape();
  const auto [rows, columns] = *windows(c.attrs(), c.attrs().get(kKernelSize));
  Var g = c.gradient() * divisors(c, rows, 2) * divisors(c, columns, 3);
  const auto disjoint = [](const Window& w) {
    return w.stride == w.size && w.dilation == 1 && w.before == 0;
  };
  Ints pads(8, 0);
  if (disjoint(rows) && disjoint(columns)) {
    const Shape apart{out[0], out[1], out[2], 1, out[3], 1};
    const Shape repeated{out[0], out[1], out[2], rows.size, out[3], columns.size};
    g = reshaped(g, apart).apply(ops::broadcast_to, {{"shape", Ints(repeated)}});
    g = reshaped(g, {out[0], out[1], out[2] * rows.size, out[3] * columns.size});
    pads[6] = in[2] - g.shape()[2];
    pads[7] = in[3] - g.shape()[3];
    return padded(g, pads);
  }
  g = dilated(dilated(g, 2, rows.stride), 3, columns.stride);
  const auto around = [&](const Window& window, size_t dim) {
    pads[dim] = window.reach() - 1 - window.before;
    pads[dim + 4] = in[dim] + window.reach() - 1 - pads[dim] - g.shape()[dim];
  };
  around(rows, 2);
  around(columns, 3);
  const Var mean =
      padded(g, pads).apply(ops::avg_pool2d, {{"kernel_size", Ints{rows.size, columns.size}},
                                              {"stride", Ints{1, 1}},
                                              {"dilation", Ints{rows.dilation, columns.dilation}}});
  return mean * static_cast<double>(rows.size * columns.size);
}

}  // namespace

const OpDef ops::avg_pool2d{
    .name = "avg_pool2d",
    .doc = "Mean of each window over [N,C,H,W]. With count_include_pad the declared padding counts "
           "as zeros; what ceil_mode adds beyond it never counts. A window whose taps all lie "
           "outside is NaN. ONNX AveragePool-22.",
    .operands = {{"input", "[N,C,H,W]"}},
    .attrs = {kernel_size_attr(),
              pool_stride_attr(),
              padding_attr(),
              dilation_attr(),
              ceil_mode_attr(),
              {.name = "count_include_pad",
               .doc = "the padding counts in the divisor",
               .default_value = true}},
    .traits = kPool,
    .infer = [](const InferContext& c) { return infer_pool(c); },
    .evaluate = []<class T>(EvalContext<T>& c) { evaluate_avg_pool2d(c); },
    .gradient = [](const GradientContext& c) -> std::vector<ValueId> {
      return {avg_pool2d_gradient(c).id()};
    },
    .samples = windowed_samples,
};

}  // namespace linnet::ir
