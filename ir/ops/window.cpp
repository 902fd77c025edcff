#include "ir/ops/window.h"

#include <fmt/format.h>

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

OpResult<std::pair<Window, Window>> windows(const Attrs& attrs, const Ints& kernel) {
  const Ints stride_given = attrs.get_or(kStride, Ints{1, 1});
  const Ints stride = stride_given.empty() ? kernel : stride_given;
  const Ints padding = attrs.get_or(kPadding, Ints{0, 0, 0, 0});
  const Ints dilation = attrs.get_or(kDilation, Ints{1, 1});
  Window window[2];
  for (size_t i = 0; i < 2; ++i) {
    auto size = in_range(kernel[i], 1, "kernel_size");
    auto step = in_range(stride[i], 1, "stride");
    auto spread = in_range(dilation[i], 1, "dilation");
    auto before = in_range(padding[i], 0, "padding");
    auto after = in_range(padding[i + 2], 0, "padding");
    for (const auto& checked : {size, step, spread, before, after}) {
      if (!checked) return tl::unexpected(checked.error());
    }
    window[i] = {*size, *step, *before, *after, *spread};
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
