// Windows over the spatial dimensions of [N, C, D1, D2, …]: what convolutions and pools share.
#pragma once

#include "frontend/onnx/ops/onnx_ops.h"

namespace linnet::frontend {

struct Spatial {
  ir::Ints kernel, stride, dilation;
  ir::Ints before, after;  // padding

  [[nodiscard]] size_t rank() const { return kernel.size(); }
  // Elements from the first tap to the last.
  [[nodiscard]] int64_t reach(size_t i) const { return (kernel[i] - 1) * dilation[i] + 1; }
  // (top, left, bottom, right), as the IR has it.
  [[nodiscard]] ir::Ints padding() const;
};

// The attributes strides, dilations, pads and auto_pad for windows of this size over these
// dimensions (Conv-22); everything is checked.
[[nodiscard]] Spatial spatial_of(OnnxNode& node, const ir::Ints& kernel, const ir::Shape& sizes);

// Cross-correlation of [N, C, …] with [O, C/groups, …] in one, two or three spatial dimensions.
[[nodiscard]] Var convolved(OnnxNode& node, const Var& x, const Var& weight, const Spatial& window,
                            int64_t groups);
// AveragePool-22 of this value, by the node's attributes.
[[nodiscard]] Var average_pooled(OnnxNode& node, const Var& x);
// The spatial part of a shape [N, C, …].
[[nodiscard]] ir::Shape spatial_sizes(const ir::Shape& shape);

}  // namespace linnet::frontend
