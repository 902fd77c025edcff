// Resolves kernel_shape, strides, pads and auto_pad of a node for one to three dimensions.
#include "frontend/onnx/ops/spatial.h"

#include "base/integers.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::frontend {
namespace {

using ir::Ints;

constexpr int64_t kMostSetting = int64_t{1} << 31;

Ints setting(OnnxNode& node, std::string_view name, size_t count, int64_t fallback, int64_t least) {
  const Ints values = node.ints(name, Ints(count, fallback));
  if (values.size() != count)
    node.wrong(fmt::format("{} has {} numbers, {} are expected", name, values.size(), count));
  for (int64_t value : values) {
    if (value < least || value > kMostSetting)
      node.wrong(fmt::format("{} must be at least {}, not {}", name, least, value));
  }
  return values;
}

}  // namespace

Ints Spatial::padding() const {
  Ints padding = before;
  padding.insert(padding.end(), after.begin(), after.end());
  return padding;
}

ir::Shape spatial_sizes(const ir::Shape& shape) {
  return {shape.begin() + std::min<std::ptrdiff_t>(2, std::ssize(shape)), shape.end()};
}

Spatial spatial_of(OnnxNode& node, const Ints& kernel, const ir::Shape& sizes) {
  const size_t rank = sizes.size();
  if (rank < 1 || kernel.size() != rank)
    node.wrong(fmt::format("a window of {} dimensions over {}", kernel.size(), rank));
  if (rank > 3) node.unsupported(fmt::format("{} spatial dimensions are not supported", rank));
  for (int64_t size : kernel) {
    if (size < 1 || size > kMostSetting)
      node.wrong(fmt::format("a window of size {} is not possible", size));
  }
  Spatial s{kernel, setting(node, "strides", rank, 1, 1), setting(node, "dilations", rank, 1, 1),
            Ints(rank, 0), Ints(rank, 0)};
  const std::string automatic = node.text("auto_pad", "NOTSET");
  if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
    for (size_t i = 0; i < rank; ++i) {
      const int64_t outputs = ceil_div(sizes[i], s.stride[i]);
      const int64_t total =
          std::max<int64_t>((outputs - 1) * s.stride[i] + s.reach(i) - sizes[i], 0);
      s.before[i] = automatic == "SAME_UPPER" ? total / 2 : total - total / 2;
      s.after[i] = total - s.before[i];
    }
  } else if (automatic == "NOTSET" || automatic.empty()) {
    const Ints pads = setting(node, "pads", 2 * rank, 0, 0);
    std::copy_n(pads.begin(), rank, s.before.begin());
    std::copy_n(pads.begin() + static_cast<std::ptrdiff_t>(rank), rank, s.after.begin());
  } else if (automatic != "VALID") {
    node.wrong(
        fmt::format("auto_pad is '{}'; NOTSET, SAME_UPPER, SAME_LOWER and VALID exist", automatic));
  }
  return s;
}

Var convolved(OnnxNode& node, const Var& x, const Var& weight, const Spatial& s, int64_t groups) {
  const ir::Shape in = x.shape(), w = weight.shape();
  const auto flat = [&](const Var& image, const Var& taps, const Spatial& window) {
    return apply(ir::ops::conv2d, image, taps,
                 {{"stride", window.stride},
                  {"padding", window.padding()},
                  {"dilation", window.dilation},
                  {"groups", groups}});
  };
  if (s.rank() == 2) return flat(x, weight, s);
  if (s.rank() == 1) {
    const Spatial row{
        {1, s.kernel[0]}, {1, s.stride[0]}, {1, s.dilation[0]}, {0, s.before[0]}, {0, s.after[0]}};
    const Var y =
        flat(reshaped(x, {in[0], in[1], 1, in[2]}), reshaped(weight, {w[0], w[1], 1, w[2]}), row);
    return squeezed(y, 2);
  }
  // Three: each slice of the output along depth is a picture, whose channels are all channels of
  // the slices below the window; the weight is that of a flat convolution as it stands.
  const int64_t taps = s.kernel[0];
  const Var deep = padded(x, {0, 0, s.before[0], 0, 0, 0, 0, s.after[0], 0, 0});
  const int64_t room = deep.shape()[2] - s.reach(0);
  if (room < 0)
    node.wrong(fmt::format("a window of {} does not fit depth {}", s.reach(0), deep.shape()[2]));
  const int64_t depth = room / s.stride[0] + 1;
  std::vector<Var> slices;
  for (int64_t tap = 0; tap < taps; ++tap)
    slices.push_back(unsqueezed(sliced(deep, 2, tap * s.dilation[0], depth, s.stride[0]), 2));
  const Var stacked = transposed(concatenated(slices, 2), {0, 3, 1, 2, 4, 5});
  const Var pictures = reshaped(stacked, {in[0] * depth, in[1] * taps, in[3], in[4]});
  const Spatial rest{{s.kernel.begin() + 1, s.kernel.end()},
                     {s.stride.begin() + 1, s.stride.end()},
                     {s.dilation.begin() + 1, s.dilation.end()},
                     {s.before.begin() + 1, s.before.end()},
                     {s.after.begin() + 1, s.after.end()}};
  const Var y = flat(pictures, reshaped(weight, {w[0], w[1] * taps, w[3], w[4]}), rest);
  const ir::Shape out = y.shape();
  return transposed(reshaped(y, {in[0], depth, out[1], out[2], out[3]}), {0, 2, 1, 3, 4});
}

}  // namespace linnet::frontend
