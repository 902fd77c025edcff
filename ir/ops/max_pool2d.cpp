// max_pool2d: the largest element of each window; its gradient is max_pool2d_backward.
#include "ir/gradient.h"
#include "ir/ops/shared/window.h"

#include "ir/scalar_math.h"

namespace linnet::ir {
namespace {

template <class T, class Number>
void evaluate_max_pool2d(EvalContext<T>& c, const std::vector<Number>& values,
                         std::vector<Number>& largest) {
  const Shape& in = c.in(0).type.shape;
  const Shape& out = c.out().type.shape;
  const auto [rows, columns] = *windows(c.attrs, c.attrs.get(kKernelSize));
  size_t o = 0;
  for (int64_t plane = 0; plane < out[0] * out[1]; ++plane) {
    for (int64_t y = 0; y < out[2]; ++y) {
      for (int64_t x = 0; x < out[3]; ++x, ++o) {
        Number best = scalar::least<Number>(c.out().type.dtype);
        for (int64_t ky = 0; ky < rows.size; ++ky) {
          for (int64_t kx = 0; kx < columns.size; ++kx) {
            const int64_t row = rows.at(y, ky);
            const int64_t column = columns.at(x, kx);
            if (row < 0 || row >= in[2] || column < 0 || column >= in[3]) continue;
            const int64_t i = (plane * in[2] + row) * in[3] + column;
            best = scalar::max(values[static_cast<size_t>(i)], best);
          }
        }
        largest[o] = best;
      }
    }
  }
}

}  // namespace

const OpDef ops::max_pool2d{
    .name = "max_pool2d",
    .doc = "Largest element of each window over [N,C,H,W]; the padding is -inf or the least "
           "integer, NaN wins. ONNX MaxPool-22 (one output).",
    .operands = {{"input", "[N,C,H,W]"}},
    .attrs = {kernel_size_attr(), pool_stride_attr(), padding_attr(), dilation_attr(),
              ceil_mode_attr()},
    .traits = kPool,
    .infer = [](const InferContext& c) { return infer_pool(c, true); },
    .evaluate =
        []<class T>(EvalContext<T>& c) {
          if (c.out().holds_floats()) {
            evaluate_max_pool2d(c, c.in(0).values, c.out().values);
          } else {
            evaluate_max_pool2d(c, c.in(0).ints, c.out().ints);
          }
        },
    .gradient = [](const GradientContext& c) -> std::vector<ValueId> {
      Attrs window = c.attrs();
      const Var index = c.in(0).apply(ops::max_pool2d_index, window);
      const Shape& in = c.in(0).shape();
      window.erase("ceil_mode");
      window.set("size", Ints{in[2], in[3]});
      return {apply(ops::max_pool2d_backward, c.gradient(), index, std::move(window)).id()};
    },
    .samples = windowed_samples,
};

}  // namespace linnet::ir
