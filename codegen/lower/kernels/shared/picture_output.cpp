// Splits the output's channels into groups and vectors, and sets its strides.
#include "codegen/lower/kernels/shared/picture_output.h"

namespace linnet::codegen {

PictureOutput::PictureOutput(Lowering& lowering, int groups) {
  const ir::Type& type = lowering.type(lowering.graph().outputs.front().value);
  const auto extent = [&](size_t dim) { return static_cast<int>(type.shape[dim]); };
  outputs_ = extent(1) / groups;
  const bool channels_last = !type.layout.is_row_major();
  vars_ =
      channels_last ? std::vector{channel, group, x, y, n} : std::vector{x, y, channel, group, n};
  extents_ = channels_last ? std::vector{outputs_, groups, extent(3), extent(2), extent(0)}
                           : std::vector{extent(3), extent(2), outputs_, groups, extent(0)};
  lowering.output_as(0, extents_);
}

Halide::Func PictureOutput::define(Lowering& lowering) const {
  Halide::Func func("out");
  func(vars_) =
      lowering.at(lowering.graph().outputs.front().value, {n, group * outputs_ + channel, y, x});
  bound_extents(func, extents_);
  return func;
}

}  // namespace linnet::codegen
