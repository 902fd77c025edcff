#include "ir/ops/window.h"

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

}  // namespace

const OpDef ops::avg_pool2d{
    .name = "avg_pool2d",
    .doc = "Mean of each window over [N,C,H,W]. With count_include_pad the declared padding counts "
           "as zeros; what ceil_mode adds beyond it never counts. ONNX AveragePool-22.",
    .operands = {{"input", "[N,C,H,W]"}},
    .attrs = {kernel_size_attr(),
              pool_stride_attr(),
              padding_attr(),
              ceil_mode_attr(),
              {.name = "count_include_pad",
               .doc = "the padding counts in the divisor",
               .default_value = true}},
    .traits = kPool,
    .infer = infer_pool,
    .evaluate = []<class T>(EvalContext<T>& c) { evaluate_avg_pool2d(c); },
};

}  // namespace linnet::ir
