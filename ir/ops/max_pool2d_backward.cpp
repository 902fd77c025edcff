// max_pool2d_backward: a pool's gradient, gathered by each input element from its windows.
#include "ir/ops/shared/window.h"

#include <fmt/format.h>

namespace linnet::ir {
namespace {

constexpr Key<Ints> kSize{"size"};

OpResult<std::vector<Type>> infer_backward(const InferContext& c) {
  const Type& gradient = c.type(0);
  const Type& index = c.type(1);
  if (gradient.rank() != 4 || !is_float(gradient.dtype)) {
    return op_error(
        fmt::format("gradient must be floating point [N,C,H,W], not {}", to_string(gradient)), 0);
  }
  if (index.shape != gradient.shape || index.dtype != DType::kI32) {
    return op_error(
        fmt::format("index must be i32{}, not {}", to_string(gradient.shape), to_string(index)), 1);
  }
  LINNET_TRY_ASSIGN(auto window, windows(c.attrs, c.attrs.get(kKernelSize)));
  const Ints& size = c.attrs.get(kSize);
  if (size[0] < 1 || size[1] < 1) return op_error("sizes are at least 1", -1, "size");
  // Whether the pool rounded up is seen by its gradient's shape alone.
  Shape pooled;
  for (const bool ceil_mode : {false, true}) {
    LINNET_TRY_ASSIGN(const int64_t height,
                      output_extent(window.first, size[0], ceil_mode, "height"));
    LINNET_TRY_ASSIGN(const int64_t width,
                      output_extent(window.second, size[1], ceil_mode, "width"));
    const Shape shape = {gradient.shape[0], gradient.shape[1], height, width};
    if (pooled.empty() || shape == gradient.shape) pooled = shape;
  }
  if (pooled != gradient.shape) {
    return op_error(fmt::format("size {}×{} has {}×{} windows, the gradient {}×{}", size[0],
                                size[1], pooled[2], pooled[3], gradient.shape[2],
                                gradient.shape[3]),
                    -1, "size");
  }
  return std::vector<Type>{
      {gradient.dtype, {gradient.shape[0], gradient.shape[1], size[0], size[1]}, {}}};
}

// The output whose tap `tap` lies at `position`, or -1.
int64_t output_at(const Window& window, int64_t position, int64_t tap, int64_t outputs) {
  const int64_t from = position + window.before - tap * window.dilation;
  if (from < 0 || from % window.stride != 0 || from / window.stride >= outputs) return -1;
  return from / window.stride;
}

template <class T> void evaluate_max_pool2d_backward(EvalContext<T>& c) {
  const Shape& out = c.out().type.shape;
  const Shape& pooled = c.in(0).type.shape;
  const auto [rows, columns] = *windows(c.attrs, c.attrs.get(kKernelSize));
  size_t o = 0;
  for (int64_t plane = 0; plane < out[0] * out[1]; ++plane) {
    for (int64_t h = 0; h < out[2]; ++h) {
      for (int64_t w = 0; w < out[3]; ++w, ++o) {
        T sum(0);
        for (int64_t tap = 0; tap < rows.size * columns.size; ++tap) {
          const int64_t y = output_at(rows, h, tap / columns.size, pooled[2]);
          const int64_t x = output_at(columns, w, tap % columns.size, pooled[3]);
          if (y < 0 || x < 0) continue;
          const auto i = static_cast<size_t>((plane * pooled[2] + y) * pooled[3] + x);
          if (c.in(1).ints[i] == tap) sum += c.in(0).values[i];
        }
        c.out().values[o] = sum;
      }
    }
  }
}

}  // namespace

const OpDef ops::max_pool2d_backward{
    .name = "max_pool2d_backward",
    .doc = "The gradient of max_pool2d by its input, [N,C,size]: each element gathers, tap after "
           "tap, the gradients of the windows that chose it.",
    .operands = {{"gradient", "[N,C,Ho,Wo]"}, {"index", "of max_pool2d_index"}},
    .attrs = {kernel_size_attr(),
              pool_stride_attr(),
              padding_attr(),
              dilation_attr(),
              {.name = "size",
               .doc = "height and width of the input",
               .default_value = Ints{},
               .required = true,
               .length = 2}},
    .infer = infer_backward,
    .evaluate = []<class T>(EvalContext<T>& c) { evaluate_max_pool2d_backward(c); },
    .samples = windowed_samples,
};

}  // namespace linnet::ir
