// max_pool2d_index: which tap of a window won, kept for the gradient.
#include "ir/ops/shared/window.h"

namespace linnet::ir {
namespace {

template <class T> void evaluate_max_pool2d_index(EvalContext<T>& c) {
  const Shape& in = c.in(0).type.shape;
  const Shape& out = c.out().type.shape;
  const auto [rows, columns] = *windows(c.attrs, c.attrs.get(kKernelSize));
  size_t o = 0;
  for (int64_t plane = 0; plane < out[0] * out[1]; ++plane) {
    for (int64_t y = 0; y < out[2]; ++y) {
      for (int64_t x = 0; x < out[3]; ++x, ++o) {
        const T* best = nullptr;
        for (int64_t tap = 0; tap < rows.size * columns.size; ++tap) {
          const int64_t row = rows.at(y, tap / columns.size);
          const int64_t column = columns.at(x, tap % columns.size);
          if (row < 0 || row >= in[2] || column < 0 || column >= in[3]) continue;
          const T& value =
              c.in(0).values[static_cast<size_t>((plane * in[2] + row) * in[3] + column)];
          if (best && !(value > *best)) continue;
          best = &value;
          c.out().ints[o] = tap;
        }
      }
    }
  }
}

}  // namespace

const OpDef ops::max_pool2d_index{
    .name = "max_pool2d_index",
    .doc = "Which tap of each window of max_pool2d holds the largest element, the first in "
           "row-major order where several do: row * kernel width + column, i32.",
    .operands = {{"input", "[N,C,H,W]"}},
    .attrs = {kernel_size_attr(), pool_stride_attr(), padding_attr(), dilation_attr(),
              ceil_mode_attr()},
    .infer = [](const InferContext& c) -> OpResult<std::vector<Type>> {
      auto types = infer_pool(c);
      if (types) types->front().dtype = DType::kI32;
      return types;
    },
    .evaluate = []<class T>(EvalContext<T>& c) { evaluate_max_pool2d_index(c); },
    .samples = windowed_samples,
};

}  // namespace linnet::ir
