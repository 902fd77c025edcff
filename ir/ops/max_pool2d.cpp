#include "ir/ops/window.h"

#include "ir/scalar_math.h"

#include <fmt/format.h>

#include <limits>

namespace linnet::ir {
namespace {

OpResult<std::vector<Type>> infer_max_pool2d(const InferContext& c) {
  const Type& input = c.type(0);
  if (input.rank() != 4 || !is_float(input.dtype)) {
    return op_error(fmt::format("input must be floating point [N,C,H,W], not {}", to_string(input)),
                    0);
  }
  auto window = windows(c.attrs, c.attrs.get(kKernelSize));
  if (!window) return tl::unexpected(window.error());
  const auto& [rows, columns] = *window;
  for (const Window& w : {rows, columns}) {
    if (w.before >= w.reach() || w.after >= w.reach()) {
      return op_error(fmt::format("padding {} leaves windows of {} without input",
                                  std::max(w.before, w.after), w.reach()),
                      -1, "padding");
    }
  }
  const bool ceil_mode = c.attrs.get(kCeilMode);
  auto height = output_extent(rows, input.shape[2], ceil_mode, "height");
  auto width = output_extent(columns, input.shape[3], ceil_mode, "width");
  if (!height) return tl::unexpected(height.error());
  if (!width) return tl::unexpected(width.error());
  return std::vector<Type>{{input.dtype, {input.shape[0], input.shape[1], *height, *width}, {}}};
}

template <class T> void evaluate_max_pool2d(EvalContext<T>& c) {
  const Shape& in = c.in(0).type.shape;
  const Shape& out = c.out().type.shape;
  const auto [rows, columns] = *windows(c.attrs, c.attrs.get(kKernelSize));
  size_t o = 0;
  for (int64_t plane = 0; plane < out[0] * out[1]; ++plane) {
    for (int64_t y = 0; y < out[2]; ++y) {
      for (int64_t x = 0; x < out[3]; ++x, ++o) {
        T best(-std::numeric_limits<double>::infinity());
        for (int64_t ky = 0; ky < rows.size; ++ky) {
          for (int64_t kx = 0; kx < columns.size; ++kx) {
            const int64_t row = rows.at(y, ky);
            const int64_t column = columns.at(x, kx);
            if (row < 0 || row >= in[2] || column < 0 || column >= in[3]) continue;
            const int64_t i = (plane * in[2] + row) * in[3] + column;
            best = scalar::max(c.in(0).values[static_cast<size_t>(i)], best);
          }
        }
        c.out().values[o] = best;
      }
    }
  }
}

}  // namespace

const OpDef ops::max_pool2d{
    .name = "max_pool2d",
    .doc = "Largest element of each window over [N,C,H,W]; the padding is -inf, NaN wins. "
           "ONNX MaxPool-22 (one output).",
    .operands = {{"input", "[N,C,H,W]"}},
    .attrs = {{.name = "kernel_size",
               .doc = "window (h, w)",
               .default_value = Ints{},
               .required = true,
               .length = 2},
              {.name = "stride",
               .doc = "step of the window (h, w); default: kernel_size",
               .default_value = Ints{},
               .length = 2},
              padding_attr(),
              dilation_attr(),
              {.name = "ceil_mode", .doc = "round the output size up", .default_value = false}},
    .traits = kPool,
    .infer = infer_max_pool2d,
    .evaluate = []<class T>(EvalContext<T>& c) { evaluate_max_pool2d(c); },
};

}  // namespace linnet::ir
