// Splits the output's channels into groups and vectors, and sets its strides.
#include "codegen/lower/kernels/shared/picture_output.h"

namespace linnet::codegen {

PictureOutput::PictureOutput(Lowering& lowering, int groups) {
  const ir::Type& type = lowering.type(lowering.graph().outputs.front().value);
  const auto extent = [&](size_t dim) { return static_cast<int>(type.shape[dim]); };
  outputs_ = extent(1) / groups;
  const bool channels_last = !type.layout.without_halo().is_row_major();
  const std::vector<int64_t> strides = type.stored_strides();
  const auto dim = [&](size_t of) { return BufferDim{extent(of), static_cast<int>(strides[of])}; };
  const BufferDim of_group{outputs_, static_cast<int>(strides[1])};
  const BufferDim of_groups{groups, outputs_ * static_cast<int>(strides[1])};
  vars_ =
      channels_last ? std::vector{channel, group, x, y, n} : std::vector{x, y, channel, group, n};
  dims_ = channels_last ? std::vector{of_group, of_groups, dim(3), dim(2), dim(0)}
                        : std::vector{dim(3), dim(2), of_group, of_groups, dim(0)};
  lowering.output_as(0, dims_);
}

Halide::Func PictureOutput::element(Lowering& lowering, const char* name) const {
  Halide::Func func(name);
  func(vars_) =
      lowering.at(lowering.graph().outputs.front().value, {n, group * outputs_ + channel, y, x});
  return func;
}

PictureOutput::Copied PictureOutput::define_copied(Lowering& lowering) const {
  Copied copied{element(lowering, "strip"), Halide::Func("out")};
  copied.stage.store_in(Halide::MemoryType::Stack).reorder_storage(channel, x);
  copied.output(vars_) = copied.stage(std::vector<Halide::Expr>(vars_.begin(), vars_.end()));
  bound(copied.output);
  return copied;
}

Halide::Func PictureOutput::define(Lowering& lowering) const {
  Halide::Func func = element(lowering, "out");
  bound(func);
  return func;
}

void PictureOutput::bound(Halide::Func& func) const {
  for (size_t i = 0; i < vars_.size(); ++i)
    func.bound(vars_[i], 0, dims_[i].extent);
}

}  // namespace linnet::codegen
