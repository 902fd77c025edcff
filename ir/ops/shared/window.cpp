// Checks and resolves kernel size, stride, dilation and padding; counts the windows.
#include "ir/ops/shared/window.h"
#include "ir/samples.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::ir {
namespace {

// Large enough for any real model, small enough that no sum below overflows.
constexpr int64_t kMaxSetting = int64_t{1} << 31;

OpResult<int64_t> in_range(int64_t value, int64_t least, std::string_view attr) {
  if (value >= least && value <= kMaxSetting) return value;
  return op_error(fmt::format("'{}' must be at least {}, not {}", attr, least, value), -1,
                  std::string(attr));
}

}  // namespace

AttrDef stride_attr() {
  return {.name = "stride",
          .doc = "step of the window (h, w)",
          .default_value = Ints{1, 1},
          .length = 2};
}

AttrDef padding_attr() {
  return {.name = "padding",
          .doc = "elements added at the border (top, left, bottom, right)",
          .default_value = Ints{0, 0, 0, 0},
          .length = 4};
}

AttrDef dilation_attr() {
  return {.name = "dilation",
          .doc = "distance of the window's taps (h, w)",
          .default_value = Ints{1, 1},
          .length = 2};
}

AttrDef kernel_size_attr() {
  return {.name = "kernel_size",
          .doc = "window (h, w)",
          .default_value = Ints{},
          .required = true,
          .length = 2};
}

AttrDef pool_stride_attr() {
  return {.name = "stride",
          .doc = "step of the window (h, w); default: kernel_size",
          .default_value = Ints{},
          .length = 2};
}

AttrDef ceil_mode_attr() {
  return {.name = "ceil_mode", .doc = "round the output size up", .default_value = false};
}

OpResult<std::vector<Type>> infer_pool(const InferContext& c, bool integers) {
  const Type& input = c.type(0);
  const bool fits = is_float(input.dtype) || (integers && is_integer(input.dtype));
  if (input.rank() != 4 || !fits) {
    return op_error(fmt::format("input must be {} [N,C,H,W], not {}",
                                integers ? "numbers" : "floating point", to_string(input)),
                    0);
  }
  LINNET_TRY_ASSIGN(auto window, windows(c.attrs, c.attrs.get(kKernelSize)));
  const auto& [rows, columns] = window;
  for (const Window& w : {rows, columns}) {
    if (w.before >= w.reach() || w.after >= w.reach()) {
      return op_error(fmt::format("padding {} leaves windows of {} without input",
                                  std::max(w.before, w.after), w.reach()),
                      -1, "padding");
    }
  }
  const bool ceil_mode = c.attrs.get(kCeilMode);
  LINNET_TRY_ASSIGN(const int64_t height, output_extent(rows, input.shape[2], ceil_mode, "height"));
  LINNET_TRY_ASSIGN(const int64_t width,
                    output_extent(columns, input.shape[3], ceil_mode, "width"));
  return std::vector<Type>{{input.dtype, {input.shape[0], input.shape[1], height, width}, {}}};
}

SamplesResult windowed_samples(const SamplesContext& c) {
  return samples_unless(c, {false, false, true, true}, "a window");
}

int64_t pool_divisor(const Window& window, int64_t output, int64_t input, bool padding_counts) {
  int64_t taps = 0;
  for (int64_t tap = 0; tap < window.size; ++tap) {
    const int64_t at = window.at(output, tap);
    const bool inside = at >= 0 && at < input;
    const bool padding = at >= -window.before && at < input + window.after;
    taps += inside || (padding_counts && padding) ? 1 : 0;
  }
  return taps;
}

OpResult<std::pair<Window, Window>> windows(const Attrs& attrs, const Ints& kernel) {
  const Ints stride_given = attrs.get_or(kStride, Ints{1, 1});
  const Ints stride = stride_given.empty() ? kernel : stride_given;
  const Ints padding = attrs.get_or(kPadding, Ints{0, 0, 0, 0});
  const Ints dilation = attrs.get_or(kDilation, Ints{1, 1});
  Window window[2];
  for (size_t i = 0; i < 2; ++i) {
    LINNET_TRY_ASSIGN(window[i].size, in_range(kernel[i], 1, "kernel_size"));
    LINNET_TRY_ASSIGN(window[i].stride, in_range(stride[i], 1, "stride"));
    LINNET_TRY_ASSIGN(window[i].dilation, in_range(dilation[i], 1, "dilation"));
    LINNET_TRY_ASSIGN(window[i].before, in_range(padding[i], 0, "padding"));
    LINNET_TRY_ASSIGN(window[i].after, in_range(padding[i + 2], 0, "padding"));
  }
  return std::pair{window[0], window[1]};
}

OpResult<int64_t> output_extent(const Window& window, int64_t input, bool ceil_mode,
                                std::string_view dimension) {
  const int64_t room = input + window.before + window.after - window.reach();
  if (room < 0) {
    return op_error(fmt::format("a window of {} does not fit {} {} plus padding {} and {}",
                                window.reach(), dimension, input, window.before, window.after),
                    0);
  }
  int64_t outputs = room / window.stride + 1;
  if (ceil_mode && room % window.stride != 0 && outputs * window.stride < input + window.before) {
    ++outputs;
  }
  return outputs;
}

}  // namespace linnet::ir
