// Windows that slide over the last two dimensions: convolutions and pools share this.
#pragma once

#include "ir/op_def.h"

namespace linnet::ir {

inline constexpr Key<Ints> kKernelSize{"kernel_size"};
inline constexpr Key<Ints> kStride{"stride"};
inline constexpr Key<Ints> kPadding{"padding"};
inline constexpr Key<Ints> kDilation{"dilation"};
inline constexpr Key<bool> kCeilMode{"ceil_mode"};
inline constexpr Key<bool> kCountIncludePad{"count_include_pad"};

// One spatial dimension of a window.
struct Window {
  int64_t size = 1;
  int64_t stride = 1;
  int64_t before = 0;  // padding
  int64_t after = 0;
  int64_t dilation = 1;

  // Input position of tap `tap` of output `output`; may lie in the padding.
  [[nodiscard]] int64_t at(int64_t output, int64_t tap) const {
    return output * stride - before + tap * dilation;
  }
  // Elements from the first tap to the last.
  [[nodiscard]] int64_t reach() const { return (size - 1) * dilation + 1; }
};

// Settings of every windowed op, in the order (h, w); padding is (top, left, bottom, right).
[[nodiscard]] AttrDef stride_attr();    // default: 1, or for pools the kernel size
[[nodiscard]] AttrDef padding_attr();   // default 0
[[nodiscard]] AttrDef dilation_attr();  // default 1

// Further settings of pools.
[[nodiscard]] AttrDef kernel_size_attr();  // required
[[nodiscard]] AttrDef pool_stride_attr();  // default: the kernel size
[[nodiscard]] AttrDef ceil_mode_attr();    // default false

// Shape of a pool over [N,C,H,W], of floats or also of integers.
[[nodiscard]] OpResult<std::vector<Type>> infer_pool(const InferContext& c, bool integers = false);

// What output `output` of an average is divided by along one dimension: taps within the input,
// or with `padding_counts` within input and declared padding (PyTorch).
[[nodiscard]] int64_t pool_divisor(const Window& window, int64_t output, int64_t input,
                                   bool padding_counts);

// Of every windowed op on [N,C,H,W]: samples may lie along N and C.
[[nodiscard]] SamplesResult windowed_samples(const SamplesContext& c);

// Reads both windows from the attributes; `kernel` is (h, w). An empty stride means `kernel`.
[[nodiscard]] OpResult<std::pair<Window, Window>> windows(const Attrs& attrs, const Ints& kernel);

// Number of outputs along one dimension: floor((in + before + after − reach) / stride) + 1; with
// ceil_mode rounded up, but a window never starts in the padding after the input (PyTorch).
[[nodiscard]] OpResult<int64_t> output_extent(const Window& window, int64_t input, bool ceil_mode,
                                              std::string_view dimension);

}  // namespace linnet::ir
